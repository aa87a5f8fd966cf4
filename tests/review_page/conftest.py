"""A local cloud, a browser, and an application of its own for each test of the review page."""

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from localcloud.server.cloud import Cloud, running
from tests.review_page.application import Application, Storage
from tests.review_page.browser import axe_core, chromium
from tests.review_page.tab import Tab

if find_spec("playwright") is None:  # it is in .venv-browser alone: make review-page-tests
    collect_ignore_glob = ["test_*.py"]

PHOTOS = Path(__file__).parents[2] / "examples/photos/test"
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
