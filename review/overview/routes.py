"""Serve the overview: the page, its content, its file, and a stream of changes."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from untrusted.page import page_template

FOLDER = Path(__file__).parent
LOOK = 3.0  # seconds between two looks of an open page
ALIVE = 5  # looks without a change after which a comment finds out whether the reader is gone


class OverviewSource(Protocol):
    """Renders the overview. Both methods may take seconds, and are called in a thread."""

    def content(self) -> str:
        """Return the HTML of all sections."""

    def one_file(self) -> str:
        """Return the whole page as one file."""


class Overview:
    """The overview of all open pages: one look at a time, however many pages are open."""

    def __init__(self, source: OverviewSource) -> None:
        self._source = source
        self._look = asyncio.Lock()
        self.leaving = asyncio.Event()

    async def content(self) -> tuple[str, str]:
        """Return the content and its version."""
        async with self._look:
            html = await run_in_threadpool(self._source.content)
        return html, hashlib.sha256(html.encode()).hexdigest()[:16]

    async def version(self) -> str:
        """Return the version of the content."""
        return (await self.content())[1]

    async def one_file(self) -> str:
        """Return the whole page as one file."""
        async with self._look:
            return await run_in_threadpool(self._source.one_file)

    def routes(self) -> list[Route]:
        """Return the routes of the application."""
        return [
            Route("/overview", self._page),
            Route("/overview/content", self._content),
            Route("/overview/changes", self._changes),
            Route("/overview/export", self._export),
            Route("/overview/overview.css", _asset),
            Route("/overview/overview.js", _asset),
        ]

    async def _page(self, _request: Request) -> Response:
        html, version = await self.content()
        page = page_template(FOLDER, "overview.html")
        rendered = page.render(
            content=Markup(html),  # noqa: S704 # nosec B704 - a template rendered and escaped it
            version=version,
            time=datetime.now(UTC).strftime("%H:%M UTC"),
        )
        return HTMLResponse(rendered)

    async def _content(self, _request: Request) -> Response:
        return HTMLResponse((await self.content())[0])

    async def _changes(self, request: Request) -> Response:
        seen = request.headers.get("last-event-id") or request.query_params.get("seen", "")
        stream = changes(self.version, self.leaving, seen)
        return StreamingResponse(stream, media_type="text/event-stream")

    async def _export(self, _request: Request) -> Response:
        disposition = {"Content-Disposition": 'attachment; filename="review-overview.html"'}
        return HTMLResponse(await self.one_file(), headers=disposition)


async def changes(
    version: Callable[[], Awaitable[str]],
    leaving: asyncio.Event,
    seen: str,
    pause: float = LOOK,
) -> AsyncIterator[str]:
    """Yield an event for each new version, until `leaving` is set or the reader is gone.

    Server-sent events (HTML Living Standard, 9.2): after a lost connection, the browser repeats the
    id of the last event that it has received.

    Args:
        version: Looks, and returns the present version.
        leaving: Set when the server ends.
        seen: The version that the page shows.
        pause: Seconds between two looks.
    """
    yield "retry: 3000\n\n"
    quiet = 0
    while not leaving.is_set():
        now = await version()
        quiet += 1
        if now != seen:
            yield f"id: {now}\ndata: {now}\n\n"
            seen, quiet = now, 0
        elif quiet >= ALIVE:
            yield ": nothing new\n\n"
            quiet = 0
        with suppress(TimeoutError):
            await asyncio.wait_for(leaving.wait(), pause)


async def _asset(request: Request) -> Response:
    return FileResponse(FOLDER / request.url.path.rpartition("/")[2])
