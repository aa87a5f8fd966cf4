"""Read the pixels of a file with Pillow, without the changes of the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from unittest.mock import patch

from functions.serialize_image import image_preparation
from functions.serialize_image.image_blocks import EssentialBlocks
from functions.serialize_image.image_preparation import prepare_image
from functions.serialize_image.prepared_image import IMAGE_ERRORS, PreparedImage

PNG_ESSENTIAL = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def has_pixels_of_file(prepared: PreparedImage, data: bytes) -> bool:
    """Return whether an image was prepared from the pixels that Pillow reads from the file.

    Pillow refuses a PNG for damage in chunks that do not affect its pixels. The comparison then
    uses the file without these chunks.
    """
    expected = _prepared_untouched(data)
    if expected is None and prepared.source.format == "PNG":
        expected = _prepared_untouched(_png_of_essential_chunks(data))
    return expected is not None and _content(expected) == _content(prepared)


def _prepared_untouched(data: bytes) -> PreparedImage | None:
    """Prepare the pixels that Pillow reads from a whole file; None if it refuses the file."""
    with _untouched():
        try:
            return prepare_image(data)
        except IMAGE_ERRORS:
            return None


def _content(prepared: PreparedImage) -> tuple[bytes, int, int]:
    return prepared.data, prepared.width, prepared.height


@contextmanager
def _untouched() -> Iterator[None]:
    """Let Pillow read whole files, in any number of pieces."""

    def whole(data: bytes, _image_format: str) -> EssentialBlocks:
        return EssentialBlocks(data)

    def stream(data: bytes, _image_format: str) -> BytesIO:
        return BytesIO(data)

    with (
        patch.object(image_preparation, "essential_blocks", whole),
        patch.object(image_preparation, "BoundedStream", stream),
    ):
        yield


def _png_of_essential_chunks(data: bytes) -> bytes:
    parts, at = [data[:8]], 8
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] in PNG_ESSENTIAL:
            parts.append(data[at:end])
        at = end
    return b"".join(parts)
