"""Measure statistics of an image that do not depend on its class.

They are measured on the prepared image, not on the upload. The model sees these pixels, and both
held-out and captured images are prepared. A loss of resolution during preparation is not drift.
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
# Of one image, as in the local algorithm: a small file can claim any size.
MAX_PIXELS = 25_000_000
# Pillow's exceptions for a damaged file, and for one that claims too many pixels.
DAMAGE = (OSError, ValueError, SyntaxError, EOFError, struct.error, OverflowError)
BOAST = (Image.DecompressionBombError, Image.DecompressionBombWarning)
SIDE = 64  # pixels; a common size makes detail comparable between small and large images
TINY = 1e-6  # prevents a division by zero for an image of one colour

STATISTICS: Mapping[str, str] = {
    "brightness": "mean lightness, from 0 (black) to 1 (white)",
    "contrast": "standard deviation of lightness",
    "sharpness": "logarithm of the mean squared Laplacian over the variance of lightness; falls "
    "with blur",
    "edge direction": "horizontal share of the gradient energy: 0 only horizontal edges, 1 only "
    "vertical edges",
    "light from above": "lightness of the upper half minus the lower; changes its sign upside down",
    "light from the left": "lightness of the left half minus the right; at 90 degrees it becomes "
    "light from above",
    "size": "square root of width times height, pixels",
    "aspect": "logarithm of width over height: 0 square, negative upright",
}


class UndecodableImageError(TrainingError):
    """Check the file: an image sent to the model is not a readable PNG or JPEG file."""


def image_statistics(image: bytes) -> dict[str, float]:
    """Return all `STATISTICS` of an encoded image of any size.

    Sharpness is divided by the variance, so that a dark image does not look blurred. The variance
    of the Laplacian is the usual measure of focus (Pech-Pacheco et al., "Diatom autofocusing in
    brightfield microscopy", 2000).

    Raises:
        UndecodableImageError: The image is not a PNG or JPEG file, or exceeds 25 megapixels.
    """
    pixels, width, height = _lightness(image)
    across = np.diff(pixels, axis=1)[:-1]
    down = np.diff(pixels, axis=0)[:, :-1]
    energy_across = float(np.square(across).mean())
    energy_down = float(np.square(down).mean())
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
    """Return the lightness (0 to 1) of all pixels at the common size, and the original size."""
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
    """Return the difference of each inner pixel from its four neighbours."""
    around = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:]
    return np.asarray(4 * pixels[1:-1, 1:-1] - around)
