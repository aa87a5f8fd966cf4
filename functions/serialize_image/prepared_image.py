"""A prepared image, and the named errors of images. Only the decoder's process needs Pillow."""

from dataclasses import dataclass

MAX_SOURCE_BYTES = 25_000_000


class EmptyImageError(Exception):
    """The image has no bytes."""


class UnsupportedImageFormatError(Exception):
    """The image is in none of the allowed formats."""


class CorruptImageError(Exception):
    """The image is damaged or cut off, so it cannot be decoded."""


class ImageTooLargeError(Exception):
    """The image exceeds a limit of bytes, pixels, memory or time."""


IMAGE_ERRORS = (
    CorruptImageError,
    EmptyImageError,
    ImageTooLargeError,
    UnsupportedImageFormatError,
)


@dataclass(frozen=True)
class ImageSource:
    """The uploaded image; width and height in pixels as stored, before EXIF orientation."""

    format: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True)
class PreparedImage:
    """The image as the model gets it: RGB, upright, without metadata.

    `image_hash` is the perceptual hash of its pixels, as 16 hexadecimal digits.
    """

    data: bytes
    content_type: str
    width: int
    height: int
    source: ImageSource
    image_hash: str


def refuse_too_many_bytes(size: int) -> None:
    """Raise ImageTooLargeError for a size in bytes above `MAX_SOURCE_BYTES`."""
    if size > MAX_SOURCE_BYTES:
        raise ImageTooLargeError(
            f"The image has {size / 1e6:,.1f} MB; "
            f"at most {MAX_SOURCE_BYTES / 1e6:.0f} MB are allowed."
        )
