"""Serve the review page as an ASGI application: the page, its pictures, and requests with answers.

`review/requests/guard.py` lets only the page itself send requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from cli import aws
from cli.errors import CommandError
from review.errors import (
    AnsweredElsewhereError,
    ImageGoneError,
    NotAnnouncedError,
    NothingToUndoError,
    RecordBusyError,
)
from review.images import ImageKey, InvalidAnswerError, InvalidImageIdError, Reason, WaitingImage
from review.overview.routes import Overview
from review.pictures import ForeignBucketError, NotAPictureError, PictureGoneError, small
from review.requests.bodies import (
    MAX_NAME,
    answer_of,
    body_of,
    key_of,
    keys_of,
    number_of,
    reviewer_of,
    text_of,
)
from review.requests.guard import COOKIE, only_own_page
from review.sources import PictureSource, Queue
from untrusted.page import page_template

PAGE = Path(__file__).parent / "page"
STYLE = Path(aws.__file__).parent / "page.css"  # of all pages of the project
MAX_CLAIM = 32  # images
MOST_BUTTONS = 100  # classes; of more, the page has a field to search for a class
FEW_BUTTONS = 10  # for the most probable of these classes
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


class Opinions(StrEnum):
    """Which answers ask another reviewer, beside those about audits."""

    ALONE = "ALONE"  # none: there is one reviewer
    ON_DEMAND = "ON_DEMAND"
    ALWAYS = "ALWAYS"

    def asks(self, demanded: bool) -> bool:
        """Return whether an answer asks another reviewer."""
        return self is Opinions.ALWAYS or (self is Opinions.ON_DEMAND and demanded)


@dataclass(frozen=True)
class Review:
    """What the application works with.

    Args:
        reviewer: The name that answers are stored under.
        host: The address of the application, as browsers name it in the Host header.
        token: The secret of this start of the application.
        opinions: Which answers ask another reviewer, beside those about audits.
        overview: The overview, where there is one.
    """

    queue: Queue
    pictures: PictureSource
    reviewer: str
    host: str
    token: str
    opinions: Opinions = Opinions.ON_DEMAND
    overview: Overview | None = None

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
            page.render(
                token=review.token,
                scope=review.scope,
                reviewer=review.reviewer,
                opinions=review.opinions,
                overview=review.overview is not None,
            )
        )

    async def claim(request: Request) -> Response:
        body = await body_of(request)
        reviewer = reviewer_of(body, review.reviewer)
        held, skipped = keys_of(body, "held"), keys_of(body, "skipped")

        def claimed() -> dict[str, Any]:
            still_held = review.queue.renew(reviewer, held)
            count = min(MAX_CLAIM, number_of(body, "count"))
            find = review.queue.claim_wall if body.get("wall") else review.queue.claim
            images = find(reviewer, count, {*held, *skipped})
            return {
                "images": [shown_image(image) for image in images],
                "class_lists": class_lists(images),
                "held": [key.id for key in still_held],
                "waiting": review.queue.known_waiting(),
            }

        return JSONResponse(await run_in_threadpool(claimed))

    async def answer(request: Request) -> Response:
        body = await body_of(request)
        reviewer = reviewer_of(body, review.reviewer)
        given = answer_of(body, review.reviewer)
        given = replace(given, asks_another=review.opinions.asks(given.asks_another))
        reason = await run_in_threadpool(review.queue.answer, given, reviewer)
        return JSONResponse({"waits_for": reason})

    async def undo(request: Request) -> Response:
        body = await body_of(request)
        key, answer_id = key_of(body), text_of(body, "answer_id", MAX_NAME)
        reviewer = reviewer_of(body, review.reviewer)
        image = await run_in_threadpool(review.queue.undo, key, answer_id, reviewer)
        return JSONResponse({"image": shown_image(image), "class_lists": class_lists([image])})

    async def release(request: Request) -> Response:
        body = await body_of(request)
        reviewer = reviewer_of(body, review.reviewer)
        await run_in_threadpool(review.queue.release, reviewer, keys_of(body, "ids"))
        return JSONResponse({})

    async def picture(request: Request) -> Response:
        key = ImageKey.of(request.path_params["id"])
        found = await run_in_threadpool(review.pictures.read, key)
        return Response(found.data, media_type=found.content_type)

    async def thumbnail(request: Request) -> Response:
        key = ImageKey.of(request.path_params["id"])
        found = await run_in_threadpool(lambda: small(review.pictures.read(key)))
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
            Route("/thumbnail/{id}", thumbnail),
            Route("/claim", claim, methods=["POST"]),
            Route("/answer", answer, methods=["POST"]),
            Route("/undo", undo, methods=["POST"]),
            Route("/release", release, methods=["POST"]),
            *(review.overview.routes() if review.overview else []),
        ],
        exception_handlers={
            CommandError: _named_error,
            ClientError: _aws_error,
            BotoCoreError: _aws_error,
        },
    )
    app.add_middleware(BaseHTTPMiddleware, dispatch=only_own_page(review.host, review.token))
    return app


def shown_image(image: WaitingImage) -> dict[str, Any]:
    """Return what the page may know about an image: in an audit nothing of the prediction.

    `classes` are those with a button. `class_list` names the list of `class_lists` that holds all
    classes, if these are too many for buttons.
    """
    unknown = not image.classification  # of a folder, before there is a model
    blind = unknown or image.reason in (Reason.AUDIT, Reason.SECOND_OPINION)
    likeliest = sorted(image.class_probabilities.items(), key=lambda one: -one[1])
    is_long = len(image.classes) > MOST_BUTTONS
    if is_long:
        likeliest = likeliest[:FEW_BUTTONS]
    prediction = {
        "classification": image.classification,
        "class_probabilities": dict(likeliest),
    }
    few = [] if blind else sorted(name for name, _ in likeliest)
    return {
        "id": image.key.id,
        "name": image.key.image_url.rpartition("/")[2],
        "reason": image.reason,
        "classes": few if is_long else image.classes,
        "class_list": _list_name(image) if is_long else None,
        "recorded_at": image.recorded_at,
        "prediction": None if blind else prediction,
    }


def class_lists(images: Sequence[WaitingImage]) -> dict[str, list[str]]:
    """Return all classes of the models with too many of them for buttons, once for each model."""
    return {
        _list_name(image): image.classes for image in images if len(image.classes) > MOST_BUTTONS
    }


def _list_name(image: WaitingImage) -> str:
    return f"model {image.model_digest}"


async def _named_error(_request: Request, error: Exception) -> Response:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    content = {"error": type(error).__name__, "message": str(error)}
    return JSONResponse(content, status_code=status)


async def _aws_error(request: Request, error: Exception) -> Response:
    explained = aws.explain(error) if isinstance(error, ClientError | BotoCoreError) else error
    return await _named_error(request, explained)
