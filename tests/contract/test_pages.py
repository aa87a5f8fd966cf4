"""The pages that the project writes, in a browser: on a phone and on a desk, light and dark."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from training.acceptance import Acceptance
from training.evaluate import metrics, report
from training.monitor import report as drift
from training.monitor.comparison import compare
from training.monitor.image_statistics import STATISTICS
from training.monitor.sample import Decisions, Sample

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
LIGHT, DARK = 1, 0
WIDTHS = {"phone": 360, "desk": 1280}
NAMES = [f"a class with a long name, number {number}" for number in range(10)]

# Loads each page in a frame of each width, and leaves as its own text what a reader would stumble over.
INDEX = """<!doctype html><meta name="color-scheme" content="light dark"><body><script>
  const found = {}
  addEventListener("load", () => {
    for (const frame of document.querySelectorAll("iframe")) {
      const page = frame.contentDocument, root = page.documentElement
      found[frame.name] = {
        overflow: root.scrollWidth - root.clientWidth,
        loaded: frame.contentWindow.performance.getEntriesByType("resource").length,
        ink: frame.contentWindow.getComputedStyle(page.body).color,
        smallest: Math.min(...[...page.querySelectorAll("p, td, figcaption, dd")].map(
          one => parseFloat(frame.contentWindow.getComputedStyle(one).fontSize))),
      }
    }
    document.body.textContent = JSON.stringify(found)
  })
</script>"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on this machine that has all pages, and the page that looks at them."""
    folder = tmp_path_factory.mktemp("pages")
    pages = {"evaluation": evaluation(), "drift": drift_report()}
    frames = ""
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
        frames += "".join(
            f'<iframe name="{name} {size}" src="{name}.html" width="{width}" height="900"></iframe>'
            for size, width in WIDTHS.items()
        )
    (folder / "index.html").write_text(INDEX + frames, encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Logs nothing."""

    def log_message(self, *_: object) -> None:
        pass


def seen(address: str, scheme: int, profile: Path) -> dict[str, Any]:
    """What the browser makes of the pages."""
    command = [CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", f"--blink-settings=preferredColorScheme={scheme}"]
    ended = subprocess.run(
        [*command, "--window-size=1400,1000", "--virtual-time-budget=10000", "--dump-dom", address],
        capture_output=True,
        text=True,
        check=True,
    )
    [body] = re.findall(r"<body>(\{.*\})</body>", ended.stdout, re.DOTALL)
    found: dict[str, Any] = json.loads(unescape(body))
    return found


@pytest.fixture(scope="module")
def light(address: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return seen(address, LIGHT, tmp_path_factory.mktemp("light"))


@pytest.fixture(scope="module")
def dark(address: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return seen(address, DARK, tmp_path_factory.mktemp("dark"))


def evaluation() -> str:
    """The report of an evaluation of ten classes."""
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet([0.2] * len(NAMES), 300), rng.integers(0, len(NAMES), 300)
    milliseconds, acceptance = rng.random(300) * 10, Acceptance.at(0.8, NAMES, None)
    told = metrics.evaluate(probabilities, labels, NAMES, 1.3, acceptance) | metrics.timing(milliseconds, 300, 2.0)
    facts = {"endpoint": "a-name-that-has-no-place-to-break-and-is-longer-than-any-phone-is-wide", "workers": "16"}
    return report.render(facts, told, acceptance, probabilities, labels, milliseconds, [])


def drift_report() -> str:
    """The report of a comparison in which everything has drifted."""
    one, other = (
        Sample(Decisions([name] * 60, np.linspace(low, 1, 60).tolist()), {key: [low] * 60 for key in STATISTICS})
        for name, low in ((NAMES[0], 0.2), (NAMES[1], 0.6))
    )
    shares = {"reference": 0.1, "recent": 0.9}
    return drift.render({"endpoint": "photos", "since": "yesterday"}, shares, one, other, compare(one, other, (6, 54)))


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("page", ["evaluation", "drift"])
def test_page_is_no_wider_than_the_screen(light: dict[str, Any], page: str, size: str) -> None:
    assert 0 == light[f"{page} {size}"]["overflow"]


@pytest.mark.parametrize("page", ["evaluation", "drift"])
def test_page_loads_nothing_but_itself(light: dict[str, Any], page: str) -> None:
    assert 0 == light[f"{page} desk"]["loaded"]


@pytest.mark.parametrize("page", ["evaluation", "drift"])
def test_text_is_large_enough_to_be_read_on_a_phone(light: dict[str, Any], page: str) -> None:
    assert 12 <= light[f"{page} phone"]["smallest"]


@pytest.mark.parametrize("page", ["evaluation", "drift"])
def test_page_is_dark_where_the_system_is(light: dict[str, Any], dark: dict[str, Any], page: str) -> None:
    assert ("rgb(0, 0, 0)", "rgb(255, 255, 255)") == (light[f"{page} desk"]["ink"], dark[f"{page} desk"]["ink"])
