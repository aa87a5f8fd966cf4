"""Turn an image into the pixels of the model: RGB, upright, scaled."""

from itertools import product

from PIL import ExifTags, Image

from functions.serialize_image.colour_profile import in_srgb, working_mode
from functions.serialize_image.essential_blocks import Canvas

Box = tuple[int, int, int, int]  # left, top, right, bottom

XMP = ("xmp", "XML:com.adobe.xmp")  # Pillow's names for the XMP of a file
TILE_SIDE = 128  # pixels after reduction; 1.3 megapixels of a square image of 25

# EXIF orientation -> the transformation that turns the stored pixels upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def model_pixels(
    image: Image.Image, size: tuple[int, int], canvas: Canvas | None = None
) -> Image.Image:
    """Decode to sRGB pixels of a width and height, turn them upright, and drop the metadata.

    What the image leaves free of a canvas is white.

    Raises:
        Exception: any error of the decoder.
    """
    # A photo is decoded at 1/2, 1/4 or 1/8: a third of the time and an eighth of the memory.
    # The draft has at least twice the target size, so that bicubic scaling sees enough detail.
    image.draft(None, (2 * size[0], 2 * size[1]))
    image.load()
    whole = Canvas(image.size, (0, 0), (0, 0, *image.size))
    pixels = _reduced(image, size, canvas or whole)
    if pixels.size != size:
        pixels = pixels.resize(size, Image.Resampling.BICUBIC)
    pixels = in_srgb(pixels, image.mode, image.info)

    orientation = _orientation(image)
    if orientation in UPRIGHT:
        pixels = pixels.transpose(UPRIGHT[orientation])

    pixels.info = {}  # Pillow would write a colour profile or a comment that it finds here
    return pixels


def _reduced(image: Image.Image, size: tuple[int, int], canvas: Canvas) -> Image.Image:
    """Average blocks of pixels to RGB or CMYK, to at least twice the target size.

    A small image keeps its size. Tiles save memory: a whole image with transparency would be held
    three times.
    """
    width, height = canvas.size
    across, down = max(1, width // (2 * size[0])), max(1, height // (2 * size[1]))
    mode = working_mode(image)
    reduced = Image.new(mode, (-(-width // across), -(-height // down)))

    for top, left in product(
        range(0, reduced.height, TILE_SIDE), range(0, reduced.width, TILE_SIDE)
    ):
        right = min(left + TILE_SIDE, reduced.width)
        bottom = min(top + TILE_SIDE, reduced.height)
        box = (left * across, top * down, min(right * across, width), min(bottom * down, height))
        tile = image.crop(box) if mode == "CMYK" else _tile(image, box, canvas)
        reduced.paste(tile.reduce((across, down)), (left, top))

    return reduced


def _tile(image: Image.Image, box: Box, canvas: Canvas) -> Image.Image:
    """Return a box of the canvas in RGB: the pixels of the image, and white around them."""
    left, top, right, bottom = box
    filled = (
        max(left, canvas.box[0]),
        max(top, canvas.box[1]),
        min(right, canvas.box[2]),
        min(bottom, canvas.box[3]),
    )
    x, y = canvas.origin
    pixels = (filled[0] - x, filled[1] - y, filled[2] - x, filled[3] - y)
    if filled == box:
        return _to_rgb(image.crop(pixels))

    tile = Image.new("RGB", (right - left, bottom - top), "white")
    if filled[0] < filled[2] and filled[1] < filled[3]:
        tile.paste(_to_rgb(image.crop(pixels)), (filled[0] - left, filled[1] - top))
    return tile


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB: transparent on white, 16 bits scaled to 8."""
    if image.mode.startswith("I"):
        return _grey_of_16_bits(image)

    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")

    image = image.convert("RGBA")
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(image, mask=image)
    return on_white


def _grey_of_16_bits(image: Image.Image) -> Image.Image:
    """Convert 16-bit grey levels to RGB, one of which may be transparent."""
    # A transparent 16-bit grey level is not valid after a conversion to 8 bits.
    level = image.info.pop("transparency", None)
    # convert() alone would clip at 255.
    grey = image.point(lambda value: value * (1 / 256)).convert("L")
    if not isinstance(level, int):
        return grey.convert("RGB")

    opaque = [255] * 65_536
    opaque[level] = 0
    on_white = Image.new("L", image.size, "white")
    on_white.paste(grey, mask=image.convert("I").point(opaque, "L"))
    return on_white.convert("RGB")


def _orientation(image: Image.Image) -> int | None:
    """Return the orientation in EXIF; one in XMP does not count, as in browsers."""
    for name in XMP:
        image.info.pop(name, None)
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001 - damaged metadata must not refuse a sound image
        return None
