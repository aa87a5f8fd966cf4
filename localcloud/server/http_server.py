"""Serve HTTP with uvicorn and httptools, in a quarter of the time of hypercorn and h11."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# The time for answers under way after the stop signal.
_ANSWER_SECONDS = 3
# Longer than clients keep idle connections, so that no client sends into a closing connection.
_KEEP_ALIVE_SECONDS = 75


class _Gathering:
    """A transport that sends the writes of one turn of the event loop in one piece.

    Uvicorn writes the head of an answer, then its body: two packets, which wake the client twice.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        parts = self._parts
        self._parts = []
        if parts:
            self._transport.write(b"".join(parts))


class _Protocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = cast(asyncio.Transport, _Gathering(transport, self.loop))


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: ASGIApp, listener: socket.socket, stop: Callable[[], Awaitable[object]]
) -> None:
    """Serve an app on a listening socket until ``stop`` returns, then finish open answers."""
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="wsproto",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        # ^MiniStack sends these two itself, where AWS does.
        server_header=False,
        date_header=False,
        # ^A header must not change the address of the client.
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_ANSWER_SECONDS,
    )
    server = _Server(config)

    async def end() -> None:
        await stop()
        server.should_exit = True

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(end())
        tasks.create_task(server.serve(sockets=[listener]))
