import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Barrier, BrokenBarrierError
from typing import Any

import httpx
import pytest

from review.overview.routes import ALIVE, Overview, changes
from review.web import Review, application
from tests.unit.review.conftest import Account

HOST = "127.0.0.1:8765"
TOKEN = "token"


@dataclass
class FakeSource:
    """An overview whose content a test changes."""

    text: str = "<section id='one'>one</section>"
    looks: int = 0

    def content(self) -> str:
        self.looks += 1
        return self.text

    def one_file(self) -> str:
        return f"<!doctype html>{self.text}"


@dataclass
class Versions:
    """The versions that a stream sees, one after the other; the last one remains."""

    values: list[str]
    looks: int = field(default=0)

    async def __call__(self) -> str:
        at = min(self.looks, len(self.values) - 1)
        self.looks += 1
        return self.values[at]


def read(
    version: Callable[[], Awaitable[str]], parts: int, seen: str = "a", ended: bool = False
) -> list[str]:
    """Return the first parts of a stream, all of them if the server ends."""

    async def collect() -> list[str]:
        leaving = asyncio.Event()
        stream: AsyncIterator[str] = changes(version, leaving, seen, pause=0)
        found: list[str] = []
        async for one in stream:
            found.append(one)
            if len(found) == parts:
                if not ended:
                    break
                leaving.set()
        return found

    return asyncio.run(collect())


def test_each_new_version_is_an_event() -> None:
    found = read(Versions(["a", "b", "b", "c"]), 3)
    assert ["id: b\ndata: b\n\n", "id: c\ndata: c\n\n"] == found[1:]


def test_page_that_shows_the_version_gets_no_event_but_a_comment() -> None:
    versions = Versions(["a"])
    found = read(versions, 2)
    assert ": nothing new\n\n" == found[1]
    assert ALIVE == versions.looks


def test_stream_ends_with_the_server() -> None:
    assert 2 == len(read(Versions(["a", "b"]), 2, ended=True))


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


def get(account: Account, source: FakeSource | None, path: str, **headers: str) -> httpx.Response:
    async def send() -> httpx.Response:
        overview = Overview(source) if source else None
        review = Review(account.queue, account.pictures, "anne", HOST, TOKEN, overview=overview)
        transport: Any = httpx.ASGITransport(application(review))
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{HOST}", cookies={"review": TOKEN}
        ) as client:
            return await client.get(path, headers=headers)

    return asyncio.run(send())


def test_page_shows_the_content_and_its_version(account: Account, source: FakeSource) -> None:
    page = get(account, source, "/overview")
    assert source.text in page.text
    assert "data-version=" in page.text


@pytest.mark.parametrize("path", ["/overview/overview.css", "/overview/overview.js"])
def test_page_has_its_own_style_and_script(account: Account, source: FakeSource, path: str) -> None:
    assert 200 == get(account, source, path).status_code


def test_file_is_a_download(account: Account, source: FakeSource) -> None:
    found = get(account, source, "/overview/export")
    assert found.text.startswith("<!doctype html>")
    assert "attachment" in found.headers["content-disposition"]


@pytest.mark.parametrize("path", ["/overview", "/overview/content", "/overview/changes"])
def test_overview_is_only_for_the_own_page(account: Account, source: FakeSource, path: str) -> None:
    refused = get(account, source, path, host="evil.example")
    assert 403 == refused.status_code
    assert 0 == source.looks


def test_review_page_links_the_overview_where_there_is_one(
    account: Account, source: FakeSource
) -> None:
    assert 'href="/overview"' in get(account, source, "/").text
    assert 'href="/overview"' not in get(account, None, "/").text
    assert 404 == get(account, None, "/overview").status_code


def test_stream_ends_when_its_reader_leaves(account: Account, source: FakeSource) -> None:
    async def read_and_leave() -> None:
        left = asyncio.Event()
        requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            for request in requests:
                return request
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message.get("body"):
                left.set()

        headers = [(b"host", HOST.encode()), (b"cookie", f"review={TOKEN}".encode())]
        scope = {"type": "http", "method": "GET", "path": "/overview/changes", "headers": headers}
        overview = Overview(source)
        review = Review(account.queue, account.pictures, "anne", HOST, TOKEN, overview=overview)
        request = scope | {"query_string": b"", "scheme": "http", "http_version": "1.1"}
        await asyncio.wait_for(application(review)(request, receive, send), timeout=10)

    asyncio.run(read_and_leave())
    assert source.looks <= 1


def test_many_pages_look_one_after_the_other() -> None:
    # A second look at the same time would open the barrier.
    barrier = Barrier(2)
    together = []

    class Source(FakeSource):
        def content(self) -> str:
            with suppress(BrokenBarrierError):
                together.append(barrier.wait(timeout=0.05))
            return super().content()

    async def look() -> None:
        overview = Overview(Source())
        await asyncio.gather(*[overview.version() for _ in range(5)])

    asyncio.run(look())
    assert [] == together
