"""Make pictures of two classes that a model can distinguish, so that tests need no files."""

import io
import random

from PIL import Image

CLASSES = ("rows", "columns")
SIDE = 32  # pixels


def picture(label: int, number: int) -> bytes:
    """Return a PNG of random stripes: rows for label 0, columns for label 1.

    The same number always gives the same picture.
    """
    brightness = random.Random(number).randbytes(SIDE)
    stripes = Image.frombytes("L", (1, SIDE), brightness).resize(
        (SIDE, SIDE), Image.Resampling.NEAREST
    )
    if CLASSES[label] == "columns":
        stripes = stripes.transpose(Image.Transpose.ROTATE_90)
    buffer = io.BytesIO()
    stripes.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()
