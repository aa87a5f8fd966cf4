"""Refuse requests that are not images, with a status and a sentence for the client."""

from dataclasses import dataclass
from http import HTTPStatus

EMPTY = "The body is empty: send the bytes of a JPEG or PNG image."
CONTENT_TYPES = ("application/x-image", "image/jpeg", "image/png")


@dataclass(frozen=True)
class Refusal:
    """An HTTP status of the client's error, and the sentence that explains it."""

    status: HTTPStatus
    sentence: str


def refusal_of(content_type: str, body: bytes) -> Refusal | None:
    """Return the refusal of a request that cannot be an image, None if it may be one."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in CONTENT_TYPES:
        sentence = f"The content type {media_type!r} is not one of {', '.join(CONTENT_TYPES)}."
        return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)
    return None if body else Refusal(HTTPStatus.BAD_REQUEST, EMPTY)
