"""Open an image of an allowed format: its header is read, its pixels are not decoded yet."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

# Pillow registers WebP with its rare plugins; this import keeps them out of a cold start.
from PIL import Image, ImageFile, WebPImagePlugin  # noqa: F401

from functions.serialize_image import heic
from functions.serialize_image.bitmap_runs import BMP_RUN_LENGTHS, decode_runs
from functions.serialize_image.essential_blocks import Canvas, EssentialBlocks
from functions.serialize_image.image_blocks import BoundedStream

# Measured with images of 25 to 50 megapixels at full colour resolution, rounded up. WebP: two
# canvases of libwebp, its answer, Pillow's copy. HEIC and AVIF: the decoder's planes, which are
# larger beyond 8 bits, its answer, Pillow's copy.
BYTES_PER_PIXEL: dict[str, dict[str, int]] = {
    "WEBP": {"RGB": 16, "RGBA": 16},
    "HEIC": {"RGB": 10, "deep": 24},
    "AVIF": {"RGB": 14, "RGBA": 20},
}
_AVIF_THREADS = 1  # the function has one core


@dataclass(frozen=True)
class OpenedImage:
    """The size of an image, and the function that returns it for `model_pixels`.

    An image whose first frame is smaller than its canvas names the canvas. The bytes are those that
    its decoder needs for each pixel, if they are many.
    """

    size: tuple[int, int]
    decode: Callable[[], Image.Image]
    canvas: Canvas | None = None
    bytes_per_pixel: int = 0


def open_image(blocks: EssentialBlocks, image_format: str) -> OpenedImage:
    """Read the header of an image.

    Raises:
        Exception: any error of the decoder.
    """
    if image_format == "HEIC":
        header = heic.read_header(blocks.data)
        kind = "deep" if header.bit_depth > 8 or header.size_mode[1] != "RGB" else "RGB"
        decode = partial(heic.decode, header)
        return OpenedImage(header.size_mode[0], decode, None, BYTES_PER_PIXEL["HEIC"][kind])
    if image_format == "AVIF":
        _load_avif()

    image = Image.open(BoundedStream(blocks.data, image_format), formats=[image_format])
    canvas = blocks.canvas or _canvas(image)
    if image_format == "BMP" and image.info["compression"] in BMP_RUN_LENGTHS:
        return OpenedImage(image.size, partial(decode_runs, image, blocks.data))

    needed = BYTES_PER_PIXEL.get(image_format, {}).get(image.mode, 0)
    return OpenedImage(canvas.size if canvas else image.size, lambda: image, canvas, needed)


def _load_avif() -> None:
    """Register AVIF with Pillow; its library is loaded for images of this format only."""
    from PIL import AvifImagePlugin

    AvifImagePlugin.DEFAULT_MAX_THREADS = _AVIF_THREADS


def _canvas(image: ImageFile.ImageFile) -> Canvas | None:
    """Return the canvas of a GIF, whose first frame may be smaller; None for other formats."""
    if image.format != "GIF":
        return None
    return Canvas(image.size, (0, 0), image.tile[0].extents)  # type: ignore[arg-type]
