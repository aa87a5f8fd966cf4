"""The prepared image in the event of classify_image."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

CONTENT_TYPES = ("image/png", "image/jpeg")


class InvalidImageDataError(Exception):
    """The event does not hold an image as base64, as serialize_image answers it."""


def parse_image_data(event: Any) -> bytes:
    """Return the bytes of the image in `{"image_data": <base64>, "content_type": "image/png"}`.

    Raises:
        InvalidImageDataError: the event does not hold an image.
    """
    if not isinstance(event, Mapping):
        raise InvalidImageDataError(
            f"The event must be an object with image_data; a {type(event).__name__} came instead."
        )

    content_type = event.get("content_type")
    if content_type not in CONTENT_TYPES:
        raise InvalidImageDataError(
            f"The content_type must be one of {CONTENT_TYPES}, not {content_type!r:.100}."
        )

    image_data = event.get("image_data")
    if not isinstance(image_data, str) or not image_data:
        raise InvalidImageDataError(
            "The image_data must be a text, the image as base64; it is missing or empty."
        )

    try:
        return base64.b64decode(image_data, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise InvalidImageDataError(f"The image_data is not base64: {exc}.") from exc
