"""Convert pixels to sRGB, the colours in which people see them.

A profile of the International Color Consortium (ICC) says which colours the numbers of a file mean.
Phones and cameras embed one, such as Display P3; without one the numbers are sRGB. LittleCMS, which
Pillow contains, converts the few pixels for the model, so that its time hardly depends on the file.
A profile that is damaged, too large or for other pixels does not count, as in browsers.
"""

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from itertools import product
from typing import Any

from PIL import Image, ImageChops, ImageStat

MAX_PROFILE_BYTES = 4_000_000  # profiles of printers have up to 3 MB, those of cameras 600 bytes
# Levels of 255, the mean over a grid of colours. Profiles of sRGB by different vendors differ by
# less than 1, and Display P3 differs by 6.
NOISE = 2.0
SCREEN_GAMMA = 1 / 2.2  # the curve of sRGB is close to it
GAMMA_TOLERANCE = 0.05  # as in libpng (PNG_GAMMA_THRESHOLD)
_GRID = (0, 64, 128, 192, 255)
_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}  # of ICC, and the modes of Pillow


def working_mode(image: Image.Image) -> str:
    """Return the mode in which to scale an image: CMYK if its profile explains it, or RGB."""
    converted = image.mode == "CMYK" and _transform_of(image.info, "CMYK") is not None
    return "CMYK" if converted else "RGB"


def in_srgb(
    pixels: Image.Image, mode: str, info: Mapping[str | tuple[int, int], Any]
) -> Image.Image:
    """Convert pixels to sRGB by the profile or the gamma of their file.

    Args:
        pixels: in RGB, or in CMYK where `working_mode` says so.
        mode: the mode of the file, which decides whether a profile of grey levels fits.
        info: what Pillow read from the file.

    Returns:
        The converted pixels; the same pixels if they are in sRGB but for noise.
    """
    grey = mode in ("1", "L", "LA", "I", "I;16", "I;16B")
    for space in ("CMYK",) if pixels.mode == "CMYK" else ("L", "RGB") if grey else ("RGB",):
        if transform := _transform_of(info, space):
            levels = pixels.convert(space) if pixels.mode != space else pixels
            converted: Image.Image = transform.apply(levels)
            return converted

    if "icc_profile" not in info and "srgb" not in info and info.get("gamma"):
        return _without_gamma(pixels, info["gamma"])
    return pixels


def _without_gamma(pixels: Image.Image, gamma: float) -> Image.Image:
    """Apply the gamma of a PNG, such as 0.45455 for a screen, and encode the light for sRGB."""
    if abs(gamma / SCREEN_GAMMA - 1) <= GAMMA_TOLERANCE:
        return pixels
    levels = [round(255 * _encoded((level / 255) ** (1 / gamma))) for level in range(256)]
    return pixels.point(levels * 3)


def _encoded(light: float) -> float:
    """Encode linear light as sRGB does (IEC 61966-2-1)."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _transform_of(info: Mapping[Any, Any], space: str) -> Any:
    profile = info.get("icc_profile")
    if not profile or len(profile) > MAX_PROFILE_BYTES:
        return None
    return _transform(profile, space)


@lru_cache(maxsize=4)  # a warm function mostly sees the profiles of few cameras
def _transform(profile: bytes, space: str) -> Any:
    """Return the conversion to sRGB; None if it changes noise only, or is not for this space."""
    from PIL import ImageCms  # LittleCMS is loaded for images with a profile only

    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if _SPACES.get(source.profile.xcolor_space) != space:
            return None
        transform = ImageCms.ImageCmsTransform(
            source, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")), space, "RGB"
        )
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None

    return transform if space == "CMYK" or _changes(transform, space) else None


def _changes(transform: Any, space: str) -> bool:
    """Return whether a conversion changes a grid of colours by more than noise."""
    colours = [bytes(colour) for colour in product(_GRID, repeat=len(space))]
    grid = Image.frombytes(space, (len(colours), 1), b"".join(colours))
    difference = ImageChops.difference(transform.apply(grid), grid.convert("RGB"))
    return sum(ImageStat.Stat(difference).mean) / 3 > NOISE
