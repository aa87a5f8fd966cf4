"""Prepare an image for the model: any bytes of an allowed format become a small RGB image, or a named error.

Training imports this module too, so that a training image and a served image are the same pixels.
"""

import warnings
from collections.abc import Iterator
from io import BytesIO

# Pillow registers WebP only with its rarer plugins; importing it here keeps those out of a cold start.
from PIL import Image, WebPImagePlugin  # noqa: F401

from functions.serialize_image.image_blocks import BoundedStream, EssentialBlocks, essential_blocks
from functions.serialize_image.model_pixels import model_pixels
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

MAX_PIXELS = 25_000_000
MAX_JPEG_PIXELS = 100_000_000  # a JPEG is decoded at reduced scale, so it takes less memory
MAX_RUN_LENGTH_PIXELS = (
    4_000_000  # of a run-length BMP, which Pillow decodes in Python: 0.5 s a megapixel
)
BMP_RUN_LENGTHS = (1, 2)  # RLE8, RLE4
MAX_SIDE = (
    65_535  # pixels, as in JPEG and GIF; 25 million rows of one pixel would take Pillow 360 MB
)
MAX_JPEG_SCANS = 100  # a progressive JPEG has about ten; each costs 0.1 s at 100 megapixels, however few its bytes
WEBP_BYTES_PER_PIXEL = 16  # two canvases of libwebp, its answer, Pillow's copy
# By header. It lets pass WebP of 13 megapixels and progressive JPEGs of 36 (at full colour resolution; else more).
# Measured, resident at most with Python and Pillow: WebP 233 MB, progressive JPEG 270, PNG 199, GIF, BMP, other JPEG
# 84 (`python -m benchmarks.bad_images`). Twice as many WebP pixels took 508.
MAX_DECODING_BYTES = 220_000_000

LOSSLESS_SIDE = 256  # pixels; at most this a side: no loss, because re-encoding small images as JPEG costs accuracy
SHORT_SIDE = 256  # pixels; below 224 accuracy falls
LONG_SIDE = 768  # pixels; the limit for panoramas, whose short side is then shorter
JPEG_QUALITIES = (
    90,
    85,
    75,
    60,
    45,
)  # 85 is within noise of the original; less only for what does not fit otherwise
MAX_PREPARED_BYTES = 45_000  # 60,000 as base64: no state of the workflow may exceed 64 KiB

# Offset and magic number of each format: the allowed ones, and those that people upload by mistake.
ALLOWED_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
SIGNATURES = (
    ("JPEG", 0, b"\xff\xd8\xff"),
    ("PNG", 0, b"\x89PNG\r\n\x1a\n"),
    ("WEBP", 8, b"WEBP"),
    ("GIF", 0, b"GIF87a"),
    ("GIF", 0, b"GIF89a"),
    ("BMP", 0, b"BM"),
    ("TIFF", 0, b"II*\x00"),
    ("TIFF", 0, b"MM\x00*"),
    ("HEIC", 4, b"ftyphei"),
    ("HEIC", 4, b"ftypmif1"),
    ("AVIF", 4, b"ftypavif"),
    ("PDF", 0, b"%PDF-"),
)


def prepare_image(data: bytes) -> PreparedImage:
    """Decode an image of an allowed format, scale it for the model and encode it anew.

    An image of at most 256 pixels a side keeps its size and becomes a PNG. A larger one becomes a JPEG whose short side
    is 256 pixels, or less where the long side would pass 768. What does not fit `MAX_PREPARED_BYTES` loses quality
    first, size next. Of an animation the first frame counts. Colour profiles are dropped, not applied.

    Not for several threads at once: `warnings.catch_warnings` is not thread-safe before Python 3.14. Use processes.

    Raises: EmptyImageError, UnsupportedImageFormatError, CorruptImageError, ImageTooLargeError.
    """
    refuse_too_many_bytes(len(data))
    image_format = _recognise(data)
    try:
        with warnings.catch_warnings(
            action="ignore"
        ):  # nobody here can act on a decoder's warnings
            source, pixels = _decode(data, image_format)
    except (CorruptImageError, ImageTooLargeError):
        raise
    # A border: untrusted bytes make decoders raise OSError, ValueError, SyntaxError, struct.error and more, no list is
    # complete, and each of them means the same to the owner of the image.
    except Exception as exc:
        raise _named_error(exc, image_format) from exc
    return next(
        prepared
        for prepared in _encodings(pixels, source)
        if len(prepared.data) <= MAX_PREPARED_BYTES
    )


def _decode(data: bytes, image_format: str) -> tuple[ImageSource, Image.Image]:
    """Refuse an image that takes too much to decode, by its header, and decode any other."""
    blocks = essential_blocks(data, image_format)
    image = Image.open(BoundedStream(blocks.data, image_format), formats=[image_format])
    source = ImageSource(image_format, image.width, image.height, len(data))
    _refuse_too_much_memory(source, blocks)
    _refuse_too_many_pixels(source, image)
    _refuse_too_many_scans(blocks)
    return source, model_pixels(image, _model_size(*image.size))


def _refuse_too_much_memory(source: ImageSource, blocks: EssentialBlocks) -> None:
    decoder = (
        WEBP_BYTES_PER_PIXEL * source.width * source.height
        if source.format == "WEBP"
        else blocks.coefficient_bytes
    )
    needed = (
        decoder + 2 * source.bytes
    )  # the file is there twice: as it came, and as the decoder gets it
    if needed > MAX_DECODING_BYTES:
        raise ImageTooLargeError(
            f"The {source.format} image of {source.width} x {source.height} pixels takes {needed / 1e6:,.0f} MB to"
            f" decode; at most {MAX_DECODING_BYTES / 1e6:.0f} MB are allowed. Make it smaller, or a baseline JPEG."
        )


def _refuse_too_many_pixels(source: ImageSource, image: Image.Image) -> None:
    if max(source.width, source.height) > MAX_SIDE:
        raise ImageTooLargeError(
            f"The image has {source.width} x {source.height} pixels; at most {MAX_SIDE:,} a side are allowed."
        )
    limit = MAX_JPEG_PIXELS if source.format == "JPEG" else MAX_PIXELS
    if image.info.get("compression") in BMP_RUN_LENGTHS:
        limit = MAX_RUN_LENGTH_PIXELS
    if source.width * source.height > limit:
        raise ImageTooLargeError(
            f"The image has {source.width} x {source.height} = {source.width * source.height / 1e6:,.1f} megapixels;"
            f" at most {limit / 1e6:.0f} are allowed for {source.format}."
        )


def _refuse_too_many_scans(blocks: EssentialBlocks) -> None:
    if blocks.scans > MAX_JPEG_SCANS:
        raise CorruptImageError(
            f"The JPEG image has {blocks.scans:,} scans; a sound one has at most {MAX_JPEG_SCANS}."
        )


def _recognise(data: bytes) -> str:
    """Name the allowed format of an image by its first bytes; its name and content type may lie."""
    if not data:
        raise EmptyImageError("The image is empty: it has 0 bytes.")
    found = next(
        (name for name, offset, magic in SIGNATURES if data.startswith(magic, offset)), None
    )
    if found not in ALLOWED_FORMATS:
        what = found or "no known"
        allowed = ", ".join(ALLOWED_FORMATS)
        raise UnsupportedImageFormatError(f"The image is in {what} format; allowed are {allowed}.")
    return found


def _named_error(exc: Exception, image_format: str) -> Exception:
    """Say in our words what a decoder raised."""
    limit = f"at most {MAX_PIXELS / 1e6:.0f} megapixels are allowed ({MAX_JPEG_PIXELS / 1e6:.0f} for JPEG)"
    if isinstance(exc, Image.DecompressionBombError):
        bomb = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        return ImageTooLargeError(
            f"The {image_format} image has more than {bomb:.0f} megapixels; {limit}."
        )
    if isinstance(exc, MemoryError):
        return ImageTooLargeError(
            f"The {image_format} image takes more memory than there is; {limit}."
        )
    return CorruptImageError(
        f"The {image_format} image is damaged or cut off and cannot be decoded."
    )


def _model_size(width: int, height: int) -> tuple[int, int]:
    if max(width, height) <= LOSSLESS_SIDE:
        return width, height
    scale = min(1.0, SHORT_SIDE / min(width, height), LONG_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _encodings(pixels: Image.Image, source: ImageSource) -> Iterator[PreparedImage]:
    """Encode pixels again and again, the best first, each smaller than the one before."""

    def encoded(image: Image.Image, image_format: str, **options: int | bool) -> PreparedImage:
        buffer = BytesIO()
        image.save(buffer, image_format, **options)
        return PreparedImage(
            buffer.getvalue(), f"image/{image_format.lower()}", image.width, image.height, source
        )

    if max(source.width, source.height) <= LOSSLESS_SIDE:
        yield encoded(pixels, "PNG")
    for quality in JPEG_QUALITIES:
        yield encoded(pixels, "JPEG", quality=quality, optimize=True)
    while True:
        pixels = pixels.resize(
            (max(1, pixels.width * 3 // 4), max(1, pixels.height * 3 // 4)),
            Image.Resampling.BICUBIC,
        )
        yield encoded(pixels, "JPEG", quality=JPEG_QUALITIES[-1], optimize=True)
