"""Serve until the stop signal, and leave signals alone."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from localcloud.server.http_server import serve
from localcloud.server.listener import open_listener


class App:
    """An app that records startup and shutdown, and answers the path when it may."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                self.noted.append(event)
                await send({"type": f"lifespan.{event}.complete"})
        else:
            self.asked.set()
            await self.may_answer.wait()
            await PlainTextResponse(scope["raw_path"].decode())(scope, receive, send)


async def get(port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.decode()


def served(client: Callable[[int, App, asyncio.Event], Awaitable[str]]) -> tuple[str, list[str]]:
    """Serve an app until the client sets the event; return the client's result and the app's
    records.
    """

    async def both() -> tuple[str, list[str]]:
        app = App()
        stop = asyncio.Event()
        with open_listener(0) as listener:
            port = listener.getsockname()[1]
            asked = asyncio.ensure_future(client(port, app, stop))
            await serve(app, listener, stop.wait)
            return await asked, app.noted

    return asyncio.run(both())


async def ask_and_stop(port: int, app: App, stop: asyncio.Event) -> str:
    app.may_answer.set()
    answer = await get(port, "/a%20b//c")
    stop.set()
    return answer


async def ask_while_it_stops(port: int, app: App, stop: asyncio.Event) -> str:
    answer = asyncio.ensure_future(get(port, "/late"))
    await app.asked.wait()
    stop.set()
    app.may_answer.set()
    return await answer


async def look_at_signals(port: int, app: App, stop: asyncio.Event) -> str:
    app.may_answer.set()
    await get(port, "/")
    handler = signal.getsignal(signal.SIGTERM)
    stop.set()
    return str(handler)


@pytest.fixture(scope="module")
def usual() -> tuple[str, list[str]]:
    """The result of one request and a stop."""
    return served(ask_and_stop)


def test_serve_answers_with_the_path_as_it_was_sent(usual: tuple[str, list[str]]) -> None:
    assert usual[0].endswith("\r\n\r\n/a%20b//c")


def test_serve_adds_no_header_of_its_own(usual: tuple[str, list[str]]) -> None:
    head = usual[0].partition("\r\n\r\n")[0].lower()
    assert "\r\nserver:" not in head
    assert "\r\ndate:" not in head


def test_serve_sends_startup_and_shutdown_to_the_app(usual: tuple[str, list[str]]) -> None:
    assert ["startup", "shutdown"] == usual[1]


def test_connection_of_the_listener_sends_small_answers_at_once() -> None:
    # ^Asyncio does so for sockets of the protocol TCP.
    with (
        open_listener(0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert socket.IPPROTO_TCP == accepted.proto


def test_stopped_server_finishes_the_answer_under_way() -> None:
    assert served(ask_while_it_stops)[0].startswith("HTTP/1.1 200 OK")


def test_serve_leaves_signals_to_its_caller() -> None:
    assert str(signal.getsignal(signal.SIGTERM)) == served(look_at_signals)[0]
