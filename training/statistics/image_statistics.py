"""What can be told of an image without knowing what it shows, measured on the bytes that the model gets.

As the model gets it, not as it was uploaded: these are the pixels that move its answers, the held-out images and the
captured ones both are that, and whatever an upload loses on the way (40 megapixels instead of 12) is no drift.
"""

import io
import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.project.errors import TrainingError

type Floats = NDArray[np.floating]

FORMATS = ("PNG", "JPEG")  # of a prepared image
MAX_PIXELS = (
    25_000_000  # of one image, as the local algorithm reads them; a small file can claim any size
)
# What Pillow lets out for a damaged or boastful file; its warning is an error where warnings are errors.
DAMAGE = (OSError, ValueError, SyntaxError, EOFError, struct.error, OverflowError)
BOAST = (Image.DecompressionBombError, Image.DecompressionBombWarning)
SIDE = 64  # pixels; a common size, so that detail means the same in small and large images
TINY = 1e-6  # keeps an image of one colour from dividing by nothing

STATISTICS: Mapping[str, str] = {
    "brightness": "mean lightness, from 0 (black) to 1 (white)",
    "contrast": "standard deviation of lightness",
    "sharpness": "logarithm of the mean squared Laplacian over the variance of lightness: falls with blur",
    "edge direction": "gradient energy across over all: 0 only horizontal edges, 1 only vertical ones",
    "light from above": "lightness of the upper half minus the lower: upside down, it changes its sign",
    "light from the left": "lightness of the left half minus the right: what light from above becomes at 90 degrees",
    "size": "square root of width times height, pixels",
    "aspect": "logarithm of width over height: 0 square, negative upright",
}


class UndecodableImageError(TrainingError):
    """An image that the model was asked about is no readable PNG or JPEG file."""


def image_statistics(image: bytes) -> dict[str, float]:
    """All of `STATISTICS` of an encoded image, of whatever size, a fraction of a millisecond each.

    Sharpness is divided by the variance, so that a dark image is not taken for a blurred one: the variance of the
    Laplacian is the usual measure of focus (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy",
    2000).

    Raises:
        UndecodableImageError: it is something else, or has more than 25 megapixels.
    """
    pixels, width, height = _lightness(image)
    across, down = np.diff(pixels, axis=1)[:-1], np.diff(pixels, axis=0)[:, :-1]
    energy_across, energy_down = float(np.square(across).mean()), float(np.square(down).mean())
    half = SIDE // 2
    values = (
        float(pixels.mean()),
        float(pixels.std()),
        float(np.log((np.square(_laplacian(pixels)).mean() + TINY) / (pixels.var() + TINY))),
        (energy_across + TINY) / (energy_across + energy_down + 2 * TINY),
        float(pixels[:half].mean() - pixels[half:].mean()),
        float(pixels[:, :half].mean() - pixels[:, half:].mean()),
        float(np.sqrt(width * height)),
        float(np.log(width / height)),
    )
    return dict(zip(STATISTICS, values, strict=True))


def _lightness(image: bytes) -> tuple[Floats, int, int]:
    """The lightness, 0 to 1, of every pixel at the common size, and the width and height that the image had."""
    try:
        with Image.open(io.BytesIO(image), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > MAX_PIXELS:
                raise UndecodableImageError(f"It has more than {MAX_PIXELS:,} pixels.")
            grey = opened.convert("L").resize(
                (SIDE, SIDE), Image.Resampling.BOX if width > SIDE else Image.Resampling.BICUBIC
            )
    except (*DAMAGE, *BOAST) as exc:
        raise UndecodableImageError(f"{exc}. {UndecodableImageError.__doc__}") from exc
    return np.asarray(grey, dtype=np.float32) / 255, width, height


def _laplacian(pixels: Floats) -> Floats:
    """How much each inner pixel differs from the four around it."""
    around = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:]
    return np.asarray(4 * pixels[1:-1, 1:-1] - around)
