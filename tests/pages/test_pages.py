"""Open the pages that the project writes in a browser at four widths, light and dark."""

import json
import os
import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

from tests.pages.chromium import Chromium
from tests.pages.samples import PAGES
from tests.pages.test_style import colours

CHROMIUM = Chromium.find()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and "CI" not in os.environ,
    reason="no browser: install Chromium, or npm, with which `make test` fetches one",
)
WIDTHS = (320, 390, 768, 1280)
PHONE = 320
DESK = 1280
LEGIBLE = 8  # pixels: the smallest text of a drawing
SCHEMES = {"light": "1", "dark": "0"}
PATIENCE = 60  # seconds for all pages

type Seen = dict[str, dict[str, Any]]

# Loads each page in a frame of each width, and sends the properties that the tests check.
INDEX = """<!doctype html><meta name="color-scheme" content="light dark"><body>%s<script>
  addEventListener("load", () => {
    const found = {}
    for (const frame of document.querySelectorAll("iframe")) {
      const page = frame.contentDocument, root = page.documentElement
      const style = element => frame.contentWindow.getComputedStyle(element)
      const visible = selector =>
        [...page.querySelectorAll(selector)].filter(one => one.getClientRects().length)
      const size = element => parseFloat(style(element).fontSize)
      const scale = svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
      const isClipped = picture => {
        const right = picture.getBoundingClientRect().right
        for (let around = picture.parentElement; around; around = around.parentElement)
          if (around.getBoundingClientRect().right + 1 < right) return true
        return false
      }
      const script = page.createElement("script")
      script.textContent = "document.body.dataset.script = 1"
      page.body.append(script)
      found[frame.name] = {
        overflow: root.scrollWidth - root.clientWidth,
        clipped: visible("svg, img").filter(isClipped).map(one => one.outerHTML.slice(0, 200)),
        drawn: Math.min(
          100, ...visible("svg text").map(one => size(one) * scale(one.ownerSVGElement))),
        loaded: frame.contentWindow.performance.getEntriesByType("resource")
          .filter(one => !one.name.startsWith("data:")).map(one => one.name),
        ink: style(page.body).color,
        paper: style(page.body).backgroundColor,
        smallest: Math.min(...visible("p, td, figcaption, dd, li, span").map(size)),
        script: "script" in page.body.dataset,
      }
    }
    fetch("found", { method: "POST", body: JSON.stringify(found) })
  })
</script>"""


class Site(ThreadingHTTPServer):
    """Serve all pages, and an index that opens each of them and measures it."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.found = Queue[dict[str, Any]]()
        frames = ""

        for name, page in PAGES.items():
            (folder / f"{name}.html").write_text(page(), encoding="utf-8")
            frames += "".join(
                f'<iframe name="{name} {width}" src="{name}.html" width="{width}" height="900">'
                "</iframe>"
                for width in WIDTHS
            )

        (folder / "index.html").write_text(INDEX % frames, encoding="utf-8")


class Handler(SimpleHTTPRequestHandler):
    """Serve the folder and receive the measurements; log nothing."""

    server: Site

    def do_POST(self) -> None:
        self.server.found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def seen(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Return the properties of all pages in the browser by colour scheme."""
    return {
        name: look(site, scheme, tmp_path_factory.mktemp(name)) for name, scheme in SCHEMES.items()
    }


def look(site: Site, scheme: str, folder: Path) -> dict[str, Any]:
    """Return the properties of all pages in a colour scheme, by page and width."""
    assert CHROMIUM, (
        "CI needs a browser: install Chromium, or npm, with which `make test` fetches one"
    )
    options = ("--window-size=1400,1000", f"--blink-settings=preferredColorScheme={scheme}")
    with CHROMIUM.showing(f"http://127.0.0.1:{site.server_port}/index.html", folder, *options):
        try:
            return site.found.get(timeout=PATIENCE)
        except Empty:
            pytest.fail(
                "The browser did not measure all pages: "
                + (folder / "log").read_text(errors="replace")
            )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_page_is_not_wider_than_the_screen(seen: Seen, page: str, width: int) -> None:
    assert 0 == seen["light"][f"{page} {width}"]["overflow"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_no_picture_is_clipped(seen: Seen, page: str, width: int) -> None:
    assert [] == seen["light"][f"{page} {width}"]["clipped"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_text_in_every_visible_drawing_is_legible(seen: Seen, page: str, width: int) -> None:
    assert LEGIBLE <= seen["light"][f"{page} {width}"]["drawn"]


@pytest.mark.parametrize("page", PAGES)
def test_text_is_legible_on_a_phone(seen: Seen, page: str) -> None:
    assert 12 <= seen["light"][f"{page} {PHONE}"]["smallest"]


@pytest.mark.parametrize("page", PAGES)
def test_page_loads_nothing_but_itself(seen: Seen, page: str) -> None:
    assert [] == seen["light"][f"{page} {DESK}"]["loaded"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("page", PAGES)
def test_page_takes_the_colours_of_the_system(seen: Seen, page: str, scheme: str) -> None:
    found = seen[scheme][f"{page} {DESK}"]
    expected = colours(scheme)
    assert expected["ink"] == hexadecimal(found["ink"])
    assert expected["page"] == hexadecimal(found["paper"])


@pytest.mark.parametrize("page", PAGES)
def test_policy_stops_a_script_on_the_page(seen: Seen, page: str) -> None:
    assert not seen["light"][f"{page} {DESK}"]["script"]


def hexadecimal(colour: str) -> str:
    """Write a computed colour such as rgb(1, 2, 3) as the stylesheet has it."""
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])
