"""Prepare an image for the model: any bytes of an allowed format become a small RGB image, or a named error.

Training imports this module too, so that a training image and a served image are the same pixels.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

# Pillow registers WebP only with its rarer plugins; importing it here keeps those out of a cold start.
from PIL import ExifTags, Image, WebPImagePlugin  # noqa: F401

MAX_SOURCE_BYTES = 25_000_000
MAX_PIXELS = 25_000_000
MAX_JPEG_PIXELS = 100_000_000  # a JPEG is decoded at reduced scale, so it takes less memory
MAX_JPEG_SCANS = 100  # a progressive JPEG has about ten; each costs 0.1 s at 100 megapixels, however few its bytes

LOSSLESS_SIDE = 256  # pixels; at most this a side: no loss, because re-encoding small images as JPEG costs accuracy
SHORT_SIDE = 256  # pixels; below 224 accuracy falls
LONG_SIDE = 768  # pixels; the limit for panoramas, whose short side is then shorter
JPEG_QUALITIES = (90, 85, 75, 60, 45)  # 85 is within noise of the original; less only for what does not fit otherwise
MAX_PREPARED_BYTES = 45_000  # 60,000 as base64: no state of the workflow may exceed 64 KiB

# Marker, header length, number of components: a video behind a motion photo does not hold this by chance.
START_OF_SCAN = re.compile(rb"\xff\xda\x00[\x08\x0a\x0c\x0e][\x01-\x04]")

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

# EXIF orientation -> what turns the stored pixels upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class EmptyImageError(Exception):
    """The image has no bytes."""


class UnsupportedImageFormatError(Exception):
    """The image is in none of the allowed formats (JPEG, PNG, WebP, GIF, BMP)."""


class CorruptImageError(Exception):
    """The image is damaged or cut off, so it cannot be decoded."""


class ImageTooLargeError(Exception):
    """The image has more bytes or more pixels than can be processed."""


@dataclass(frozen=True)
class ImageSource:
    """The image as it was uploaded; width and height in pixels as stored, before EXIF orientation."""

    format: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True)
class PreparedImage:
    """The image as the model gets it: RGB, upright, no metadata, at most `MAX_PREPARED_BYTES`."""

    data: bytes
    content_type: str
    width: int
    height: int
    source: ImageSource


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
    with _decoding(image_format):
        image = Image.open(BytesIO(data), formats=[image_format])
    _refuse_too_many_pixels(image.width, image.height, image_format)
    _refuse_too_many_scans(data, image_format)
    source = ImageSource(image_format, image.width, image.height, len(data))
    with _decoding(image_format):
        pixels = _model_pixels(image)
    return next(prepared for prepared in _encodings(pixels, source) if len(prepared.data) <= MAX_PREPARED_BYTES)


def refuse_too_many_bytes(size: int) -> None:
    """Raise ImageTooLargeError for a size in bytes above `MAX_SOURCE_BYTES`."""
    if size > MAX_SOURCE_BYTES:
        raise ImageTooLargeError(
            f"The image has {size / 1e6:,.1f} MB; at most {MAX_SOURCE_BYTES / 1e6:.0f} MB are allowed."
        )


def _refuse_too_many_pixels(width: int, height: int, image_format: str) -> None:
    limit = MAX_JPEG_PIXELS if image_format == "JPEG" else MAX_PIXELS
    if width * height > limit:
        raise ImageTooLargeError(
            f"The image has {width} x {height} = {width * height / 1e6:,.1f} megapixels;"
            f" at most {limit / 1e6:.0f} are allowed for {image_format}."
        )


def _refuse_too_many_scans(data: bytes, image_format: str) -> None:
    scans = len(START_OF_SCAN.findall(data)) if image_format == "JPEG" else 0
    if scans > MAX_JPEG_SCANS:
        raise CorruptImageError(f"The JPEG image has {scans:,} scans; a sound one has at most {MAX_JPEG_SCANS}.")


def _recognise(data: bytes) -> str:
    """Name the allowed format of an image by its first bytes; its name and content type may lie."""
    if not data:
        raise EmptyImageError("The image is empty: it has 0 bytes.")
    found = next((name for name, offset, magic in SIGNATURES if data.startswith(magic, offset)), None)
    if found not in ALLOWED_FORMATS:
        what = found or "no known"
        raise UnsupportedImageFormatError(f"The image is in {what} format; allowed are JPEG, PNG, WebP, GIF and BMP.")
    return found


@contextmanager
def _decoding(image_format: str) -> Iterator[None]:
    """Map whatever a decoder raises to a named error; silence its warnings, for nobody here can act on them."""
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    except Image.DecompressionBombError as exc:
        raise ImageTooLargeError(
            f"The {image_format} image has more than {2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} megapixels;"
            f" at most {MAX_PIXELS / 1e6:.0f} are allowed ({MAX_JPEG_PIXELS / 1e6:.0f} for JPEG)."
        ) from exc
    except MemoryError as exc:
        raise ImageTooLargeError(
            f"The {image_format} image takes more memory than there is; at most {MAX_PIXELS / 1e6:.0f} megapixels"
            f" ({MAX_JPEG_PIXELS / 1e6:.0f} for JPEG) are allowed."
        ) from exc
    # A border: untrusted bytes make decoders raise OSError, ValueError, SyntaxError, struct.error and more, no list is
    # complete, and each of them means the same to the owner of the image.
    except Exception as exc:
        raise CorruptImageError(f"The {image_format} image is damaged or cut off and cannot be decoded.") from exc


def _model_pixels(image: Image.Image) -> Image.Image:
    """Decode to upright RGB pixels at the size for the model, with no metadata."""
    size = _model_size(*image.size)
    # A photo is decoded at 1/2, 1/4 or 1/8: a third of the time and an eighth of the memory. Twice the size that is
    # needed is left, so that bicubic scaling still has the detail it had in training.
    image.draft(None, (2 * size[0], 2 * size[1]))
    pixels = _to_rgb(image)
    if pixels.size != size:
        pixels = pixels.resize(size, Image.Resampling.BICUBIC)
    orientation = _orientation(image)
    if orientation in UPRIGHT:
        pixels = pixels.transpose(UPRIGHT[orientation])
    pixels.info = {}  # Pillow would write a colour profile or a comment that it finds here
    return pixels


def _model_size(width: int, height: int) -> tuple[int, int]:
    if max(width, height) <= LOSSLESS_SIDE:
        return width, height
    scale = min(1.0, SHORT_SIDE / min(width, height), LONG_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB: transparent on white, 16 bits scaled to 8."""
    image.load()
    if image.mode.startswith("I"):
        image.info.pop("transparency", None)  # a 16-bit grey level, which no 8-bit conversion understands
        image = image.point(lambda level: level * (1 / 256)).convert("L")  # convert alone would clip at 255
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    image = image.convert("RGBA")
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(image, mask=image)
    return on_white


def _orientation(image: Image.Image) -> int | None:
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001 - the border of _decoding; damaged metadata must not cost a sound image
        return None


def _encodings(pixels: Image.Image, source: ImageSource) -> Iterator[PreparedImage]:
    """Encode pixels again and again, the best first, each smaller than the one before."""

    def encoded(image: Image.Image, image_format: str, **options: int | bool) -> PreparedImage:
        buffer = BytesIO()
        image.save(buffer, image_format, **options)
        return PreparedImage(buffer.getvalue(), f"image/{image_format.lower()}", image.width, image.height, source)

    if max(source.width, source.height) <= LOSSLESS_SIDE:
        yield encoded(pixels, "PNG")
    for quality in JPEG_QUALITIES:
        yield encoded(pixels, "JPEG", quality=quality, optimize=True)
    while True:
        pixels = pixels.resize(
            (max(1, pixels.width * 3 // 4), max(1, pixels.height * 3 // 4)), Image.Resampling.BICUBIC
        )
        yield encoded(pixels, "JPEG", quality=JPEG_QUALITIES[-1], optimize=True)
