"""Serve an app with the local cloud's own server, in a thread of the test's process."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread

from starlette.types import ASGIApp, Receive, Scope, Send

from localcloud.server.http_server import serve
from localcloud.server.listener import open_listener


@dataclass(frozen=True)
class _WithLifespan:
    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
        else:
            await self.app(scope, receive, send)


@contextmanager
def served(app: ASGIApp) -> Iterator[int]:
    """Serve an app for the length of the block; yield the port."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    with open_listener(0) as listener:  # clients can connect now
        thread = Thread(
            target=loop.run_until_complete, args=[serve(_WithLifespan(app), listener, stop.wait)]
        )
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
    loop.close()
