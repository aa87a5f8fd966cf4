"""Read the bodies of requests from the review page; every part of them may be wrong."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from review.images import Answer, ImageKey, InvalidAnswerError, Reason, Verdict
from review.reviewer import Reviewer

MAX_BODY = 1 << 20  # bytes of a request; an answer has about 300, a claim names many images
MAX_IDS = 500  # that one request may name
MAX_ID = 4096  # characters of an image's id
MAX_NAME = 64  # characters of a page's or an answer's id


async def body_of(request: Request) -> Mapping[str, Any]:
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


def answer_of(body: Mapping[str, Any], reviewer: str) -> Answer:
    """Read an answer.

    Raises:
        InvalidAnswerError: A part is missing or wrong.
    """
    label = body.get("class")
    seconds = body.get("seconds", 0)
    verdict = body.get("verdict")

    if verdict not in set(Verdict) or not isinstance(seconds, int | float) or not seconds >= 0:
        raise InvalidAnswerError(f"{verdict!r:.60}. {InvalidAnswerError.__doc__}")
    if (verdict == Verdict.CLASS) != isinstance(label, str):
        raise InvalidAnswerError(f"{label!r:.60}. {InvalidAnswerError.__doc__}")

    return Answer(
        answer_id=text_of(body, "answer_id", MAX_NAME),
        key=key_of(body),
        verdict=Verdict(verdict),
        label=label,
        reviewer=reviewer,
        answered_at=datetime.now(UTC).isoformat(),
        reason=Reason.REVIEW,  # the queue sets reason, digest and machine from the record
        model_digest="",
        seconds=min(float(seconds), 3600.0),
        asks_another=body.get("asks_another") is True,
    )


def key_of(body: Mapping[str, Any]) -> ImageKey:
    """Read the image that a request is about.

    Raises:
        InvalidAnswerError, InvalidImageIdError: It is missing or wrong.
    """
    return ImageKey.of(text_of(body, "id", MAX_ID))


def keys_of(body: Mapping[str, Any], name: str) -> list[ImageKey]:
    """Read a list of images.

    Raises:
        InvalidAnswerError, InvalidImageIdError: It is not a list, or too long, or wrong.
    """
    ids = body.get(name, [])
    if not isinstance(ids, list) or len(ids) > MAX_IDS:
        raise InvalidAnswerError(f"{name} must be a list of at most {MAX_IDS} image ids.")
    return [ImageKey.of(str(image_id)) for image_id in ids]


def number_of(body: Mapping[str, Any], name: str) -> int:
    """Read a number that is not negative.

    Raises:
        InvalidAnswerError: It is missing or wrong.
    """
    number = body.get(name)
    if not isinstance(number, int) or number < 0:
        raise InvalidAnswerError(f"The request needs a number {name!r}; received {number!r:.60}.")
    return number


def reviewer_of(body: Mapping[str, Any], name: str) -> Reviewer:
    """Return the reviewer with the page that the request names.

    Raises:
        InvalidAnswerError: It names no page.
    """
    return Reviewer(name, text_of(body, "page", MAX_NAME))


def text_of(body: Mapping[str, Any], name: str, longest: int) -> str:
    """Read a text without `#`, which separates the parts of keys.

    Raises:
        InvalidAnswerError: It is missing, empty or too long.
    """
    text = body.get(name)
    if not isinstance(text, str) or not 0 < len(text) <= longest or "#" in text:
        raise InvalidAnswerError(f"The request needs a short text {name!r}; received {text!r:.60}.")
    return text
