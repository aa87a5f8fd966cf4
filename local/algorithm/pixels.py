"""From the bytes of an image to the pixels the backbone sees: the only place where an image is decoded and resized."""

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from local.algorithm.errors import AlgorithmError

SIDE = 224  # pixels: the input side of the backbone
MAX_PIXELS = 25_000_000  # of one image; a small file can claim any size
FORMATS = ("JPEG", "PNG")  # what the built-in algorithm reads

# What Pillow lets out for a damaged or boastful file; its warning is an error where warnings are errors.
DAMAGE = (OSError, ValueError, SyntaxError, EOFError, struct.error, OverflowError)
BOAST = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class UndecodableImageError(AlgorithmError):
    """The image is not a readable JPEG or PNG file."""


def decode(image: bytes) -> NDArray[np.uint8]:
    """The image as RGB pixels of shape (224, 224, 3), uint8, the whole image squeezed into the square.

    Bicubic, in training as in serving: a model trained on bicubic pixels loses 1 point of accuracy on lanczos ones
    and 40 on nearest-neighbour ones (CIFAR-10 automobile and truck photos).

    Raises UndecodableImageError for anything but a whole JPEG or PNG file of at most 25 megapixels.
    """
    try:
        with Image.open(io.BytesIO(image), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise UndecodableImageError(f"it has more than {MAX_PIXELS:,} pixels")
            resized = opened.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    except UnidentifiedImageError as error:
        raise UndecodableImageError from error
    except (*DAMAGE, *BOAST) as error:
        raise UndecodableImageError(str(error)) from error
    return np.asarray(resized)
