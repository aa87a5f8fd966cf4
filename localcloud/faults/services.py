"""Inject faults between the client and S3, SSM and SageMaker."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localcloud.api.request_head import RequestHead
from localcloud.faults.injector import Injector, Strike
from localcloud.faults.kinds import GET_OBJECT, GET_PARAMETER, INVOKE_ENDPOINT, Point

# The faults of each operation; the process of a function can also end before or after it.
_POINTS: Mapping[str, Point] = {
    "get-object": GET_OBJECT,
    "get-parameter": GET_PARAMETER,
    "invoke-endpoint": INVOKE_ENDPOINT,
}


def _json_error(status: int, code: str, **members: object) -> Response:
    body = {"message": f"{code}, injected by the local cloud.", **members}
    return Response(json.dumps(body), status, {"x-amzn-errortype": code}, "application/json")


def _unexplained(status: int, code: str) -> Response:
    """Make an error without a message, as SageMaker throttles: only the header has the code."""
    return _json_error(status, code, message=None)


def _xml_error(status: HTTPStatus, code: str) -> Response:
    body = (
        f"<Error><Code>{code}</Code><Message>{code}, injected by the local cloud.</Message></Error>"
    )
    return Response(body, status, media_type="application/xml")


_ANSWERS: Mapping[str, Response] = {
    # Codes and statuses: botocore's service model of sagemaker-runtime, and the common errors
    # of AWS.
    "endpoint-throttled": _unexplained(HTTPStatus.BAD_REQUEST, "ThrottlingException"),
    "endpoint-not-ready": _json_error(HTTPStatus.TOO_MANY_REQUESTS, "ModelNotReadyException"),
    "endpoint-internal-failure": _json_error(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalFailure"),
    "endpoint-unavailable": _unexplained(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable"),
    "endpoint-dependency-failed": Response(
        b"", 530, {"x-amzn-errortype": "InternalDependencyException"}
    ),
    "endpoint-denied": _unexplained(HTTPStatus.FORBIDDEN, "AccessDeniedException"),
    "endpoint-refuses": _unexplained(HTTPStatus.BAD_REQUEST, "ValidationError"),
    "endpoint-model-error": _json_error(
        HTTPStatus.FAILED_DEPENDENCY,
        "ModelError",
        OriginalStatusCode=503,
        OriginalMessage="The container is busy.",
    ),
    "s3-slow-down": _xml_error(HTTPStatus.SERVICE_UNAVAILABLE, "SlowDown"),
    "s3-internal-error": _xml_error(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError"),
    "ssm-throttled": _json_error(
        HTTPStatus.BAD_REQUEST, "ThrottlingException", __type="ThrottlingException"
    ),
}


@dataclass(frozen=True)
class Sender:
    """The process of a function that sent a request: its work, and how to end it in a crash."""

    subject: str
    kill: Callable[[], None]


class FaultyServices:
    """Stand before the apps of the services.

    Args:
        injector: decides which requests are struck.
        find_sender: returns the function that sent a request, or None for another client.
    """

    def __init__(self, injector: Injector, find_sender: Callable[[Scope], Sender | None]) -> None:
        self._injector = injector
        self._find_sender = find_sender

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return the app with faults."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            operation = _operation(scope) if scope["type"] == "http" else None
            sender = self._find_sender(scope) if operation else None
            # ^A client that puts objects and reads them back is not part of the
            # application.
            if operation is None or (sender is None and operation != "invoke-endpoint"):
                await app(scope, receive, send)
            elif sender is None:
                with suppress(ClientDisconnect):  # the client has left
                    body = await Request(scope, receive).body()
                    strike = self._injector.strike(_POINTS[operation], sha256(body).hexdigest())
                    await _answer(strike, app, scope, _replaying(body, receive), send)
            else:
                deaths = (f"lambda-killed-before-{operation}", f"lambda-killed-after-{operation}")
                strike = self._injector.strike((*_POINTS[operation], *deaths), sender.subject)
                if strike is not None and strike.kind in deaths:
                    if strike.kind == deaths[1]:
                        await _worked(app, scope, receive)
                    sender.kill()
                    await _until_client_leaves(receive)
                else:
                    await _answer(strike, app, scope, receive, send)

        return faulty


def _operation(scope: Scope) -> str | None:
    if scope["path"].startswith("/endpoints/") and scope["path"].endswith("/invocations"):
        return "invoke-endpoint"

    head = RequestHead.of(scope)
    if head.headers.get("x-amz-target") == "AmazonSSM.GetParameter":
        return "get-parameter"

    names_key = scope["path"].strip("/").partition("/")[2]

    return "get-object" if scope["method"] == "GET" and names_key and head.service == "s3" else None


async def _answer(
    strike: Strike | None, app: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    match strike:
        case None:
            await app(scope, receive, send)
        case Strike("endpoint-slow", draw):
            await asyncio.sleep(0.5 + draw)
            await app(scope, receive, send)
        case Strike("endpoint-silent"):
            await _until_client_leaves(receive)
        case Strike("endpoint-cut-off"):
            head, body = await _worked(app, scope, receive)
            await send(head)
            # ^The server closes the connection of an app that ends before its answer
            # ends.
            await send(
                {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
            )
        case Strike("endpoint-garbage"):
            head, body = await _worked(app, scope, receive)
            await send(head)
            await send({"type": "http.response.body", "body": bytes(byte ^ 0xFF for byte in body)})
        case _:
            await _ANSWERS[strike.kind](scope, receive, send)


async def _worked(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Run the service, and return head and body of its answer without sending them."""
    # The answer of a service that finds its client gone, and sends nothing.
    head: Message = {
        "type": "http.response.start",
        "status": HTTPStatus.INTERNAL_SERVER_ERROR,
        "headers": [],
    }
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            head.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)

    return head, b"".join(parts)


async def _until_client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that first returns the messages that were read already."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return unread.pop() if unread else await receive()

    return replay
