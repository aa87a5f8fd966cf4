"""A prepared image, or the named error that an image ends in. Needs no Pillow, which only the decoder's process has."""

from dataclasses import dataclass

MAX_SOURCE_BYTES = 25_000_000


class EmptyImageError(Exception):
    """The image has no bytes."""


class UnsupportedImageFormatError(Exception):
    """The image is in none of the allowed formats."""


class CorruptImageError(Exception):
    """The image is damaged or cut off, so it cannot be decoded."""


class ImageTooLargeError(Exception):
    """The image has more bytes or more pixels, or takes more memory or time, than can be processed."""


IMAGE_ERRORS = (
    CorruptImageError,
    EmptyImageError,
    ImageTooLargeError,
    UnsupportedImageFormatError,
)


@dataclass(frozen=True)
class ImageSource:
    """The image as it was uploaded; width and height in pixels as stored, before EXIF orientation."""

    format: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True)
class PreparedImage:
    """The image as the model gets it: RGB, upright, without metadata."""

    data: bytes
    content_type: str
    width: int
    height: int
    source: ImageSource


def refuse_too_many_bytes(size: int) -> None:
    """Raise ImageTooLargeError for a size in bytes above `MAX_SOURCE_BYTES`."""
    if size > MAX_SOURCE_BYTES:
        raise ImageTooLargeError(
            f"The image has {size / 1e6:,.1f} MB; at most {MAX_SOURCE_BYTES / 1e6:.0f} MB are allowed."
        )
