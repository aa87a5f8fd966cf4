"""Read the pixels of a file with Pillow, without the changes of the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from unittest.mock import patch

from PIL import Image, ImageFile

from functions.serialize_image import image_preparation, image_reader
from functions.serialize_image.essential_blocks import EssentialBlocks
from functions.serialize_image.image_preparation import prepare_image
from functions.serialize_image.prepared_image import IMAGE_ERRORS, PreparedImage

PNG_ESSENTIAL = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
PNG_COLOURS = {b"iCCP", b"gAMA", b"sRGB"}


def has_pixels_of_file(prepared: PreparedImage, data: bytes) -> bool:
    """Return whether an image was prepared from the pixels that Pillow reads from the file.

    Pillow refuses a PNG for damage in chunks that do not affect its pixels. The comparison then
    uses the file without these chunks.
    """
    return any(
        expected is not None and _content(expected) == _content(prepared)
        for expected in _expected(prepared.source.format, data)
    )


def _expected(image_format: str, data: bytes) -> Iterator[PreparedImage | None]:
    """Yield the images that Pillow reads from a file, or None if it refuses the file."""
    yield _prepared_untouched(data)
    if image_format == "PNG":
        yield _prepared_untouched(_png_of(data, PNG_ESSENTIAL | PNG_COLOURS))
        yield _prepared_untouched(_png_of(data, PNG_ESSENTIAL))


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

    open_image = Image.open

    def open_first_frame(*arguments: Any, **options: Any) -> Image.Image:
        image = open_image(*arguments, **options)
        if getattr(image, "default_image", False):  # of an animation that begins behind it
            return _frame_behind(image)
        return image

    with (
        patch.object(image_preparation, "essential_blocks", whole),
        patch.object(image_reader, "BoundedStream", stream),
        patch.object(Image, "open", open_first_frame),
    ):
        yield


def _frame_behind(image: Any) -> Image.Image:
    """Return the first frame of an animation on white, as browsers show it; Pillow's is black."""
    # The image before the animation may be damaged: nobody sees it.
    with patch.object(ImageFile, "LOAD_TRUNCATED_IMAGES", True):
        image.seek(1)
    image.load()
    box = image.info["bbox"]
    frame = image.crop(box).convert("RGBA")
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(frame, box[:2], frame)
    on_white.info = image.info
    return on_white


def _png_of(data: bytes, names: set[bytes]) -> bytes:
    parts, at = [data[:8]], 8
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] in names:
            parts.append(data[at:end])
        at = end
    return b"".join(parts)
