"""Serve the review page as an ASGI application: the page, its pictures, and requests with answers.

Only the page itself may send requests. The application prints its address with a token when it
starts. This address sets a cookie that browsers send to this application alone. Each request that
changes something repeats the token in a header. The Host and Origin headers must be the
application's own.
"""

import json
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cli import aws
from cli.errors import CommandError
from review.images import (
    Answer,
    ImageKey,
    InvalidAnswerError,
    InvalidImageIdError,
    Reason,
    Verdict,
    WaitingImage,
)
from review.pictures import (
    ForeignBucketError,
    NotAPictureError,
    Picture,
    PictureGoneError,
)
from review.queue import (
    AnsweredElsewhereError,
    ImageGoneError,
    NotAnnouncedError,
    NothingToUndoError,
    RecordBusyError,
    Reviewer,
)
from untrusted.page import page_template

PAGE = Path(__file__).parent / "page"
STYLE = Path(aws.__file__).parent / "page.css"  # of all pages of the project
COOKIE = "review"
MAX_BODY = 1 << 20  # bytes of a request; an answer has about 300, a claim names many images
MAX_CLAIM = 32  # images
MAX_IDS = 500  # that one request may name
MAX_NAME = 64  # characters of a page's or an answer's id
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
# Status of errors that a page understands; all others answer 500.
STATUS: dict[type[Exception], int] = {
    InvalidAnswerError: 400,
    InvalidImageIdError: 400,
    AnsweredElsewhereError: 409,
    ForeignBucketError: 403,
    NothingToUndoError: 409,
    ImageGoneError: 410,
    PictureGoneError: 410,
    NotAPictureError: 415,
    NotAnnouncedError: 503,
    RecordBusyError: 503,
    aws.CredentialsError: 503,
    aws.UnreachableError: 503,
}


class RefusedRequestError(CommandError):
    """The request is not from the review page: open the address that `scones review` printed."""


class Queue(Protocol):
    """Images that wait and their answers: `ReviewQueue` on AWS, `FolderQueue` on disk."""

    def claim(
        self, reviewer: Reviewer, count: int, held: Collection[ImageKey] = ()
    ) -> list[WaitingImage]:
        """Lease up to `count` images, none of those that the page holds already."""

    def renew(self, reviewer: Reviewer, keys: Sequence[ImageKey]) -> list[ImageKey]:
        """Extend leases; return the images that the page still holds."""

    def release(self, reviewer: Reviewer, keys: Sequence[ImageKey]) -> None:
        """Give images back."""

    def answer(self, answer: Answer, reviewer: Reviewer) -> Reason | None:
        """Store an answer once; return why the image still waits, or None."""

    def undo(self, key: ImageKey, answer_id: str, reviewer: Reviewer) -> WaitingImage:
        """Take an answer back, and lease its image to the page again."""

    def waiting(self) -> Mapping[Reason, int]:
        """Count the images that wait, by reason."""


class PictureSource(Protocol):
    """The pictures of the images that wait."""

    @property
    def place(self) -> str:
        """The bucket or the folder."""

    def read(self, key: ImageKey) -> Picture:
        """Read the picture of an image version."""


@dataclass(frozen=True)
class Review:
    """What the application works with.

    Args:
        reviewer: The name that answers are stored under.
        host: The address of the application, as browsers name it in the Host header.
        token: The secret of this start of the application.
    """

    queue: Queue
    pictures: PictureSource
    reviewer: str
    host: str
    token: str

    @property
    def address(self) -> str:
        """The address to open."""
        return f"http://{self.host}/?token={self.token}"

    @property
    def scope(self) -> str:
        """The answers that belong together: a browser keeps unsent answers under this name."""
        return f"{self.reviewer} {self.pictures.place}"


def application(review: Review) -> Starlette:
    """Build the application."""
    page = page_template(PAGE, "review.html")

    async def index(request: Request) -> Response:
        if "token" in request.query_params:
            answer: Response = RedirectResponse("/", status_code=303)
            answer.set_cookie(COOKIE, review.token, httponly=True, samesite="strict")
            return answer
        return HTMLResponse(
            page.render(token=review.token, scope=review.scope, reviewer=review.reviewer)
        )

    async def claim(request: Request) -> Response:
        body = await _body(request)
        reviewer = _reviewer(review, body)
        held, skipped = _keys(body, "held"), _keys(body, "skipped")

        def claimed() -> dict[str, Any]:
            still_held = review.queue.renew(reviewer, held)
            count = min(MAX_CLAIM, int(body.get("count", 1)))
            images = review.queue.claim(reviewer, count, {*held, *skipped})
            return {
                "images": [shown_image(image) for image in images],
                "held": [key.id for key in still_held],
                "waiting": review.queue.known_waiting(),
            }

        return JSONResponse(await run_in_threadpool(claimed))

    async def answer(request: Request) -> Response:
        body = await _body(request)
        reviewer = _reviewer(review, body)
        given = _answer(body, review.reviewer)
        reason = await run_in_threadpool(review.queue.answer, given, reviewer)
        return JSONResponse({"waits_for": reason})

    async def undo(request: Request) -> Response:
        body = await _body(request)
        key, answer_id = ImageKey.of(_text(body, "id", 4096)), _text(body, "answer_id", MAX_NAME)
        image = await run_in_threadpool(review.queue.undo, key, answer_id, _reviewer(review, body))
        return JSONResponse({"image": shown_image(image)})

    async def release(request: Request) -> Response:
        body = await _body(request)
        await run_in_threadpool(review.queue.release, _reviewer(review, body), _keys(body, "ids"))
        return JSONResponse({})

    async def picture(request: Request) -> Response:
        key = ImageKey.of(request.path_params["id"])
        found = await run_in_threadpool(review.pictures.read, key)
        return Response(found.data, media_type=found.content_type)

    async def style(_request: Request) -> Response:
        return FileResponse(STYLE)

    async def icon(_request: Request) -> Response:
        return Response(status_code=204)  # browsers ask for it; a 404 would stand in their console

    app = Starlette(
        routes=[
            Route("/", index),
            Route("/favicon.ico", icon),
            Route("/page.css", style),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/picture/{id}", picture),
            Route("/claim", claim, methods=["POST"]),
            Route("/answer", answer, methods=["POST"]),
            Route("/undo", undo, methods=["POST"]),
            Route("/release", release, methods=["POST"]),
        ],
        exception_handlers={
            CommandError: _named_error,
            ClientError: _aws_error,
            BotoCoreError: _aws_error,
        },
    )
    app.add_middleware(BaseHTTPMiddleware, dispatch=_only_own_page(review))
    return app


def shown_image(image: WaitingImage) -> dict[str, Any]:
    """Return what the page may know about an image: in an audit nothing of the prediction."""
    blind = image.reason in (Reason.AUDIT, Reason.SECOND_OPINION)
    prediction = {
        "classification": image.classification,
        "class_probabilities": dict(image.class_probabilities),
    }
    return {
        "id": image.key.id,
        "name": image.key.image_url.rpartition("/")[2],
        "reason": image.reason,
        "classes": image.classes,
        "recorded_at": image.recorded_at,
        "prediction": None if blind else prediction,
    }


def _only_own_page(
    review: Review,
) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """Build the guard in front of every request."""

    async def dispatch(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        refusal = _refusal(request, review)
        if refusal:
            text = f"{refusal} {RefusedRequestError.__doc__}\n"
            answer: Response = PlainTextResponse(text, status_code=403)
        else:
            answer = await call_next(request)
        answer.headers.update(HEADERS)
        return answer

    return dispatch


def _refusal(request: Request, review: Review) -> str | None:
    """Say why a request is refused, or return None."""
    headers = request.headers
    if headers.get("host") != review.host:
        return f"The Host header is not {review.host}."
    if headers.get("origin", f"http://{review.host}") != f"http://{review.host}":
        return "The request comes from a page of another origin."

    tokens = [request.query_params.get("token"), request.cookies.get(COOKIE)]
    if not any(_is_token(token, review) for token in tokens):
        return "The request does not have the token of this review."
    if request.method == "POST" and not _is_token(headers.get("x-review-token"), review):
        return "The request does not repeat the token of this review."
    return None


def _is_token(text: str | None, review: Review) -> bool:
    return text is not None and secrets.compare_digest(text.encode(), review.token.encode())


async def _body(request: Request) -> Mapping[str, Any]:
    """Read a small JSON object.

    Raises:
        InvalidAnswerError: It is too large, or not a JSON object.
    """
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MAX_BODY:
            raise InvalidAnswerError("The request is too large.")
    try:
        body = json.loads(bytes(data))
    except (ValueError, RecursionError) as exc:
        raise InvalidAnswerError("The request is not JSON.") from exc
    if not isinstance(body, dict):
        raise InvalidAnswerError("The request is not a JSON object.")
    return body


def _answer(body: Mapping[str, Any], reviewer: str) -> Answer:
    """Read an answer.

    Raises:
        InvalidAnswerError: A part is missing or wrong.
    """
    label = body.get("class")
    seconds = body.get("seconds", 0)
    verdict = body.get("verdict")

    if verdict not in set(Verdict) or not isinstance(seconds, int | float) or seconds < 0:
        raise InvalidAnswerError(f"{verdict!r:.60}. {InvalidAnswerError.__doc__}")
    if (verdict == Verdict.CLASS) != isinstance(label, str):
        raise InvalidAnswerError(f"{label!r:.60}. {InvalidAnswerError.__doc__}")

    return Answer(
        answer_id=_text(body, "answer_id", MAX_NAME),
        key=ImageKey.of(_text(body, "id", 4096)),
        verdict=Verdict(verdict),
        label=label,
        reviewer=reviewer,
        answered_at=datetime.now(UTC).isoformat(),
        reason=Reason.REVIEW,  # the queue sets reason, digest and machine from the record
        model_digest="",
        seconds=min(float(seconds), 3600.0),
    )


def _reviewer(review: Review, body: Mapping[str, Any]) -> Reviewer:
    return Reviewer(review.reviewer, _text(body, "page", MAX_NAME))


def _keys(body: Mapping[str, Any], name: str) -> list[ImageKey]:
    ids = body.get(name, [])
    if not isinstance(ids, list) or len(ids) > MAX_IDS:
        raise InvalidAnswerError(f"{name} must be a list of at most {MAX_IDS} image ids.")
    return [ImageKey.of(str(image_id)) for image_id in ids]


def _text(body: Mapping[str, Any], name: str, longest: int) -> str:
    text = body.get(name)
    if not isinstance(text, str) or not 0 < len(text) <= longest or "#" in text:
        raise InvalidAnswerError(f"The request needs a short text {name!r}; received {text!r:.60}.")
    return text


async def _named_error(_request: Request, error: Exception) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    content = {"error": type(error).__name__, "message": str(error)}
    return JSONResponse(content, status_code=status)


async def _aws_error(request: Request, error: Exception) -> Response:
    explained = aws.explain(error) if isinstance(error, ClientError | BotoCoreError) else error
    return await _named_error(request, explained)
