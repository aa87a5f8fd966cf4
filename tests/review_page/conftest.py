"""A local cloud, a browser, and an application of its own for each test of the review page."""

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from localcloud.server.cloud import Cloud, running
from tests.review_page.application import Application, Storage
from tests.review_page.browser import axe_core, chromium

if find_spec("playwright") is None:  # it is in .venv-browser alone: make review-page-tests
    collect_ignore_glob = ["test_*.py"]

PHOTOS = Path(__file__).parents[2] / "examples/photos/test"
PATIENCE = 10_000  # milliseconds
_NUMBERS = count()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A local cloud, which keeps tables and buckets."""
    with running(tmp_path_factory.mktemp("cloud") / ".local") as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def photos() -> list[bytes]:
    return [path.read_bytes() for path in sorted(PHOTOS.glob("truck/*"))[:20]]


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_core()


@pytest.fixture
def storage(cloud: Cloud) -> Storage:
    """Empty tables and an empty bucket."""
    return Storage(cloud, f"images-{next(_NUMBERS)}").create()


@pytest.fixture
def application(storage: Storage, tmp_path: Path) -> Iterator[Application]:
    """The application; a test starts it when the images are there."""
    prepared = Application(storage, tmp_path)
    yield prepared
    prepared.kill()


class Tab:
    """A tab of a browser, and the errors in its console."""

    def __init__(self, page: Any) -> None:
        self.context = page.context
        self.page = page
        self.page.set_default_timeout(PATIENCE)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._logged)

    def _logged(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def open(self, address: str) -> "Tab":
        """Open the page and wait for its first picture."""
        self.page.goto(address)
        self.await_picture()
        return self

    def wait(self, condition: str, argument: Any = None) -> None:
        """Wait until a JavaScript expression is true.

        Playwright's own `wait_for_function` needs `eval`, which the page's policy forbids.
        """
        deadline = monotonic() + PATIENCE / 1000
        while not self.page.evaluate(condition, argument):
            assert monotonic() < deadline, f"{condition} is false: {self.page.inner_text('body')}"
            self.page.wait_for_timeout(10)

    def await_progress(self, text: str) -> None:
        """Wait for the counts of answered and waiting images."""
        self.wait("text => document.getElementById('progress').textContent === text", text)

    def await_picture(self) -> None:
        """Wait until the shown picture is loaded."""
        self.wait("typeof images !== 'undefined' && Boolean(images[0]?.settled)")

    @property
    def name(self) -> str:
        """The name of the image on the screen."""
        return str(self.page.inner_text("#name"))

    def press(self, key: str) -> str:
        """Press a key once the picture is there; return the name of the image that was shown."""
        self.await_picture()
        name = self.name
        self.page.keyboard.press(key)
        return name

    def await_sent(self) -> None:
        """Wait until the server has confirmed all answers."""
        self.wait("outbox.length === 0 && !sending")

    def await_notice(self, text: str) -> None:
        """Wait for a text in the line about the connection."""
        self.wait("text => document.getElementById('notice').textContent.includes(text)", text)


@pytest.fixture
def new_tab(browser: Any) -> Iterator[Any]:
    """Open a tab in a browser of its own, with its own storage."""
    contexts = []

    def open_tab(**options: Any) -> Tab:
        contexts.append(browser.new_context(**options))
        return Tab(contexts[-1].new_page())

    yield open_tab
    for context in contexts:
        context.close()
