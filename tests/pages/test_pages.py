"""The pages that the project writes, in a browser: on a phone and on a desk, light and dark."""

import json
import os
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

CHROMIUM = Chromium.find()
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and "CI" not in os.environ,
    reason="no browser: install Chromium, or npm, with which `make test` fetches one",
)
WIDTHS = {"phone": 360, "desk": 1280}
SCHEMES = {"light": "1", "dark": "0"}
PATIENCE = 60  # seconds for all pages

# Loads each page in a frame of each width, and sends what a reader would stumble over.
INDEX = """<!doctype html><meta name="color-scheme" content="light dark"><body>%s<script>
  addEventListener("load", () => {
    const found = {}
    for (const frame of document.querySelectorAll("iframe")) {
      const page = frame.contentDocument, root = page.documentElement
      const sizes = [...page.querySelectorAll("p, td, figcaption, dd")].filter(one => one.getClientRects().length)
      found[frame.name] = {
        overflow: root.scrollWidth - root.clientWidth,
        loaded: frame.contentWindow.performance.getEntriesByType("resource")
          .filter(one => !one.name.startsWith("data:")).map(one => one.name),
        ink: frame.contentWindow.getComputedStyle(page.body).color,
        smallest: Math.min(...sizes.map(one => parseFloat(frame.contentWindow.getComputedStyle(one).fontSize))),
      }
    }
    fetch("found", { method: "POST", body: JSON.stringify(found) })
  })
</script>"""


class Site(ThreadingHTTPServer):
    """A server on this machine of a folder with all pages, and of the page that looks at them."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.found = Queue[dict[str, Any]]()
        frames = ""
        for name, page in PAGES.items():
            (folder / f"{name}.html").write_text(page(), encoding="utf-8")
            frames += "".join(
                f'<iframe name="{name} {size}" src="{name}.html" width="{width}" height="900"></iframe>'
                for size, width in WIDTHS.items()
            )
        (folder / "index.html").write_text(INDEX % frames, encoding="utf-8")


class Handler(SimpleHTTPRequestHandler):
    """Serves the folder, takes what was found, logs nothing."""

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
def seen(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the browser makes of the pages, by colour scheme."""
    return {
        name: look(site, scheme, tmp_path_factory.mktemp(name)) for name, scheme in SCHEMES.items()
    }


def look(site: Site, scheme: str, folder: Path) -> dict[str, Any]:
    """What the browser makes of the pages in a colour scheme."""
    assert CHROMIUM, (
        "CI needs a browser: install Chromium, or npm, with which `make test` fetches one"
    )
    options = ("--window-size=1400,1000", f"--blink-settings=preferredColorScheme={scheme}")
    with CHROMIUM.showing(f"http://127.0.0.1:{site.server_port}/index.html", folder, *options):
        try:
            return site.found.get(timeout=PATIENCE)
        except Empty:
            pytest.fail(
                f"The browser did not look at all pages: {(folder / 'log').read_text(errors='replace')}"
            )


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_page_is_no_wider_than_the_screen(
    seen: dict[str, dict[str, Any]], page: str, size: str
) -> None:
    assert 0 == seen["light"][f"{page} {size}"]["overflow"]


@pytest.mark.parametrize("page", PAGES)
def test_page_loads_nothing_but_itself(seen: dict[str, dict[str, Any]], page: str) -> None:
    assert [] == seen["light"][f"{page} desk"]["loaded"]


@pytest.mark.parametrize("page", PAGES)
def test_text_is_large_enough_to_be_read_on_a_phone(
    seen: dict[str, dict[str, Any]], page: str
) -> None:
    assert 12 <= seen["light"][f"{page} phone"]["smallest"]


@pytest.mark.parametrize("page", PAGES)
def test_page_is_dark_where_the_system_is(seen: dict[str, dict[str, Any]], page: str) -> None:
    inks = {name: seen[name][f"{page} desk"]["ink"] for name in SCHEMES}
    assert {"light": "rgb(0, 0, 0)", "dark": "rgb(255, 255, 255)"} == inks
