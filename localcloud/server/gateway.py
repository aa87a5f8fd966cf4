"""Route requests behind the one port, to the services of this package or to MiniStack."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localcloud.api.request_head import RequestHead
from localcloud.server.web_pages import refusal

# MiniStack's administration needs no signature, and one of its requests deletes everything. Only
# the health check stays reachable.
_ADMINISTRATION = re.compile(r"/_(ministack|localstack)/(?!health$)")
_LOCAL_DOOR = "/_local/"
_NOT_SERVED = PlainTextResponse(
    "The local cloud does not serve MiniStack's administration.\n", HTTPStatus.NOT_FOUND
)
NO_DOOR = PlainTextResponse(
    "This local cloud was started without --faults.\n", HTTPStatus.NOT_FOUND
)


@dataclass
class Gateway:
    """Route requests by the service of their signature, and note when the last request began.

    Args:
        ministack: MiniStack's app; it gets startup and shutdown.
        sagemaker: the app of the local SageMaker.
        autoscaling: the app of the local Application Auto Scaling.
        states: the app of the local Step Functions.
        on_ready: called after MiniStack has started.
        port: the port that clients name in the Host header.
        door: the app behind /_local/, which controls faults.
    """

    ministack: ASGIApp
    sagemaker: ASGIApp
    autoscaling: ASGIApp
    states: ASGIApp
    on_ready: Callable[[], None]
    port: int
    door: ASGIApp = NO_DOOR
    last_request: float = field(default_factory=monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of an ASGI server."""
        if scope["type"] == "lifespan":
            await self.ministack(scope, receive, self._announcing(send))
        elif reason := refusal(RequestHead.of(scope).headers, self.port):
            await _refuse(scope, receive, send, reason)
        elif scope["type"] == "http" and _ADMINISTRATION.match(scope["path"]):
            await _NOT_SERVED(scope, receive, send)
        elif scope["path"].startswith(_LOCAL_DOOR):
            await self.door(scope, receive, send)
        else:
            self.last_request = monotonic()
            ours = {
                "sagemaker": self.sagemaker,
                "application-autoscaling": self.autoscaling,
                "states": self.states,
            }
            await ours.get(RequestHead.of(scope).service or "", self.ministack)(
                scope, receive, send
            )

    def _announcing(self, send: Send) -> Send:
        async def announce(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self.on_ready()

        return announce


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(
            f"{reason}\n",
            HTTPStatus.FORBIDDEN,
            {"X-Content-Type-Options": "nosniff"},
        )(scope, receive, send)
