"""Prepare an image for the model: a small RGB image, or a named error.

Training imports this module too, so that training and serving see the same pixels.
"""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO

from PIL import Image

from functions.serialize_image.essential_blocks import EssentialBlocks
from functions.serialize_image.file_format import recognise
from functions.serialize_image.image_blocks import essential_blocks
from functions.serialize_image.image_reader import OpenedImage, open_image
from functions.serialize_image.model_pixels import model_pixels
from functions.serialize_image.perceptual_hash import perceptual_hash
from functions.serialize_image.prepared_image import (
    CorruptImageError,
    EmptyImageError,
    ImageSource,
    ImageTooLargeError,
    PreparedImage,
    UnsupportedImageFormatError,
    refuse_too_many_bytes,
)

__all__ = [
    "CorruptImageError",
    "EmptyImageError",
    "ImageSource",
    "ImageTooLargeError",
    "PreparedImage",
    "UnsupportedImageFormatError",
    "prepare_image",
    "refuse_too_many_bytes",
]

MAX_PIXELS = 25_000_000  # of PNG, GIF and BMP
# Of formats of photos. A JPEG is decoded at reduced scale, so it takes less memory.
MAX_PHOTO_PIXELS = {
    "JPEG": 100_000_000,
    "WEBP": 40_000_000,
    "HEIC": 50_000_000,
    "AVIF": 50_000_000,
}
# Pixels, as in JPEG and GIF. 25 million rows of one pixel would take Pillow 360 MB.
MAX_SIDE = 65_535
# A progressive JPEG has about ten scans; at 100 megapixels each takes 0.1 s, even if it is tiny.
MAX_JPEG_SCANS = 100
# Estimated from the header. A quarter of the function's memory stays free: the largest images took
# WebP 640 MB, progressive JPEG 782, HEIC 496, AVIF 538 (`python -m tests.images.measured largest`).
MAX_DECODING_BYTES = 750_000_000

# Pixels. Images up to this side stay lossless: encoding them again as JPEG costs accuracy.
LOSSLESS_SIDE = 256
SHORT_SIDE = 256  # pixels; below 224 accuracy falls
LONG_SIDE = 768  # pixels; the limit for panoramas, whose short side is then shorter
# The best that fits is used. 85 is within noise of the original.
JPEG_QUALITIES = (90, 85, 75, 60, 45)
# Formats of drawings, whose thin coloured lines lose their colour where a JPEG halves it: the mean
# error of 50 drawings of lines is 1.7 levels instead of 4.1, for 1.4 times the bytes.
DRAWING_FORMATS = frozenset({"PNG", "GIF", "BMP"})
FULL_COLOUR_QUALITIES = (90, 85)
MAX_PREPARED_BYTES = 45_000  # 60,000 as base64: no state of the workflow may exceed 64 KiB


def prepare_image(data: bytes) -> PreparedImage:
    """Decode an image of an allowed format, scale it for the model, and encode it.

    An image of at most 256 pixels a side keeps its size and becomes a PNG. A larger image becomes
    a JPEG with a short side of 256 pixels, or less where the long side would exceed 768. An image
    above `MAX_PREPARED_BYTES` loses quality first, then size. The first frame of an animation
    counts. Colours are converted to sRGB.

    Use processes instead of threads: `warnings.catch_warnings` is not thread-safe before 3.14.

    Raises:
        EmptyImageError, UnsupportedImageFormatError: the bytes are not an allowed image.
        CorruptImageError: the image cannot be decoded.
        ImageTooLargeError: the image exceeds a limit.
    """
    refuse_too_many_bytes(len(data))
    image_format = recognise(data)

    try:
        # Nobody can act on the warnings of a decoder.
        with warnings.catch_warnings(action="ignore"):
            source, pixels = _decode(data, image_format)
    except (CorruptImageError, ImageTooLargeError):
        raise
    # Untrusted bytes make decoders raise OSError, ValueError, SyntaxError, struct.error and more.
    # A list would be incomplete, and all of them mean the same to the owner of the image.
    except Exception as exc:
        raise _named_error(exc, image_format) from exc

    return next(
        prepared
        for prepared in _encodings(pixels, source)
        if len(prepared.data) <= MAX_PREPARED_BYTES
    )


def _decode(data: bytes, image_format: str) -> tuple[ImageSource, Image.Image]:
    """Decode an image, unless its header shows that decoding exceeds a limit."""
    blocks = essential_blocks(data, image_format)
    opened = open_image(blocks, image_format)
    width, height = opened.size
    source = ImageSource(image_format, width, height, len(data))
    _refuse_too_much_memory(source, blocks, opened)
    _refuse_too_many_pixels(source)
    _refuse_too_many_scans(blocks)
    return source, model_pixels(opened.decode(), _model_size(width, height), opened.canvas)


def _refuse_too_much_memory(
    source: ImageSource, blocks: EssentialBlocks, opened: OpenedImage
) -> None:
    decoder = opened.bytes_per_pixel * source.width * source.height + blocks.coefficient_bytes
    # The file is in memory twice: as uploaded, and as the decoder gets it.
    needed = decoder + 2 * source.bytes
    if needed > MAX_DECODING_BYTES:
        raise ImageTooLargeError(
            f"The {source.format} image of {source.width} x {source.height} pixels takes "
            f"{needed / 1e6:,.0f} MB to decode; at most {MAX_DECODING_BYTES / 1e6:.0f} MB are "
            "allowed. Make it smaller, or a baseline JPEG."
        )


def _refuse_too_many_pixels(source: ImageSource) -> None:
    if max(source.width, source.height) > MAX_SIDE:
        raise ImageTooLargeError(
            f"The image has {source.width} x {source.height} pixels; "
            f"at most {MAX_SIDE:,} a side are allowed."
        )

    limit = MAX_PHOTO_PIXELS.get(source.format, MAX_PIXELS)
    pixels = source.width * source.height
    if pixels > limit:
        raise ImageTooLargeError(
            f"The image has {source.width} x {source.height} = {pixels / 1e6:,.1f} megapixels; "
            f"at most {limit / 1e6:.0f} are allowed for {source.format}."
        )


def _refuse_too_many_scans(blocks: EssentialBlocks) -> None:
    if blocks.scans > MAX_JPEG_SCANS:
        raise CorruptImageError(
            f"The JPEG image has {blocks.scans:,} scans; at most {MAX_JPEG_SCANS} are allowed."
        )


def _named_error(exc: Exception, image_format: str) -> Exception:
    """Return the named error for an exception of a decoder."""
    most = MAX_PHOTO_PIXELS.get(image_format, MAX_PIXELS)
    limit = f"at most {most / 1e6:.0f} megapixels are allowed"
    if isinstance(exc, Image.DecompressionBombError):
        bomb = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        return ImageTooLargeError(
            f"The {image_format} image has more than {bomb:.0f} megapixels; {limit}."
        )
    if isinstance(exc, MemoryError):
        return ImageTooLargeError(
            f"The {image_format} image takes more memory than available; {limit}."
        )

    # Pillow's words for a BMP of another depth, layout, compression or header.
    if str(exc).startswith("Unsupported BMP"):
        return UnsupportedImageFormatError(f"{exc}. Save the image as PNG or JPEG.")

    return CorruptImageError(
        f"The {image_format} image is damaged or cut off and cannot be decoded."
    )


def _model_size(width: int, height: int) -> tuple[int, int]:
    if max(width, height) <= LOSSLESS_SIDE:
        return width, height
    scale = min(1.0, SHORT_SIDE / min(width, height), LONG_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _encodings(pixels: Image.Image, source: ImageSource) -> Iterator[PreparedImage]:
    """Yield encodings of the pixels, the best first, down to a very small one."""
    image_hash = perceptual_hash(pixels)

    def encoded(
        image: Image.Image, image_format: str, **options: int | bool | str
    ) -> PreparedImage:
        buffer = BytesIO()
        image.save(buffer, image_format, **options)
        return PreparedImage(
            buffer.getvalue(),
            f"image/{image_format.lower()}",
            image.width,
            image.height,
            source,
            image_hash,
        )

    if max(source.width, source.height) <= LOSSLESS_SIDE:
        yield encoded(pixels, "PNG")

    if source.format in DRAWING_FORMATS:
        for quality in FULL_COLOUR_QUALITIES:
            with suppress(OSError):  # Pillow's buffer is full: 64 kB or more do not fit, either
                yield encoded(pixels, "JPEG", quality=quality, optimize=True, subsampling="4:4:4")

    for quality in JPEG_QUALITIES:
        yield encoded(pixels, "JPEG", quality=quality, optimize=True)

    while True:
        pixels = pixels.resize(
            (max(1, pixels.width * 3 // 4), max(1, pixels.height * 3 // 4)),
            Image.Resampling.BICUBIC,
        )
        yield encoded(pixels, "JPEG", quality=JPEG_QUALITIES[-1], optimize=True)
