"""The algorithm's inference container: GET /ping and POST /invocations, as SageMaker calls them.

A bare ASGI app: a framework around two calls takes longer than all else between the server and the model.
"""

import json
from http import HTTPStatus
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from algorithm import model
from algorithm.classification_threads import ClassificationThreads
from algorithm.pixels import UndecodableImageError

EMPTY = "The body is empty: send the bytes of a JPEG or PNG image."
CONTENT_TYPES = ("application/x-image", "image/jpeg", "image/png")


class UnservableRequestError(Exception):
    """The request is not one that the model answers."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def create_app(model_dir: Path) -> ASGIApp:
    """The app that serves the model in a folder (head.npz, model.json); no lifespan, nothing to close.

    All apps of a process share one backbone and its threads: as many images are classified at once as there are cores.

    Raises InvalidModelError, BackboneMismatchError or BackboneFileError.
    """
    threads = ClassificationThreads(model.load(model_dir))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if (scope["method"], scope["path"]) == ("GET", "/ping"):
                return await _answer(send, HTTPStatus.OK, "")
            image = await _image(scope, receive)
            probabilities = await threads.classify(image)
        except UndecodableImageError as error:
            await _answer(send, HTTPStatus.BAD_REQUEST, str(error))
        except UnservableRequestError as error:
            await _answer(send, error.status, str(error))
        else:
            await _answer(send, HTTPStatus.OK, json.dumps(probabilities), b"application/json")

    return app


async def _image(scope: Scope, receive: Receive) -> bytes:
    """Raises UnservableRequestError unless it is POST /invocations with an image."""
    if (scope["method"], scope["path"]) != ("POST", "/invocations"):
        raise UnservableRequestError(HTTPStatus.NOT_FOUND, "A model answers GET /ping and POST /invocations.")
    sent: bytes = dict(scope["headers"]).get(b"content-type", b"")
    content_type = sent.decode("latin-1").partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES:
        text = f"The content type {content_type!r} is not one of {', '.join(CONTENT_TYPES)}."
        raise UnservableRequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text)
    chunks, more = list[bytes](), True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    if not any(chunks):
        raise UnservableRequestError(HTTPStatus.BAD_REQUEST, EMPTY)
    return b"".join(chunks)


async def _answer(send: Send, status: HTTPStatus, text: str, content_type: bytes = b"text/plain") -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", content_type)]})
    await send({"type": "http.response.body", "body": text.encode()})
