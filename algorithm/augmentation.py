"""Make random views of a training image, as `augmentation_type` of the built-in algorithm does.

Ranges: https://docs.aws.amazon.com/sagemaker/latest/dg/IC-Hyperparameter.html.
One difference: value is shifted instead of lightness, because Pillow has HSV and not HSL.
"""

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Literal, get_args

import numpy as np
from PIL import Image

from algorithm.pixels import SIDE, resized

type Kind = Literal["crop", "crop_color", "crop_color_transform"]

KINDS: tuple[Kind, ...] = get_args(Kind.__value__)
# The number of views of an image in a job. An epoch uses one of them or the image itself. New views
# in every epoch would each cost a pass of the backbone: 30 epochs would take 30 times as long.
VIEWS = 4
HUE, SATURATION, VALUE = 51, 50, 50  # of 256; the built-in algorithm's 36 of hue are of 180
ANGLE, SHEAR, ASPECT = 10.0, 0.1, 0.25  # degrees; pixels a pixel; of 1


@dataclass(frozen=True, slots=True)
class View:
    """One view of an image. Its random changes follow from its number and the image's digest."""

    kind: Kind
    number: int
    resize: int | None  # pixels of the shorter side before the crop; None: unchanged

    def of(self, picture: Image.Image, digest: bytes) -> Image.Image:
        """Return the view of an RGB picture, 224 x 224 pixels."""
        chance = np.random.default_rng([self.number, *digest])
        seen = resized(picture, self.resize)
        if self.kind == "crop_color_transform":
            seen = transformed(seen, chance)
        left, top = (int(chance.integers(side - SIDE, endpoint=True)) for side in seen.size)
        seen = seen.crop((left, top, left + SIDE, top + SIDE))
        if chance.random() < 0.5:
            seen = seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return seen if self.kind == "crop" else coloured(seen, chance)


def transformed(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """Turn, shear and stretch a picture about its centre. Areas outside are white, as in MXNet."""
    angle = radians(chance.uniform(-ANGLE, ANGLE))
    ratio = 1 + chance.uniform(-ASPECT, ASPECT)  # of width to height
    turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    shear = np.array([[1, chance.uniform(-SHEAR, SHEAR)], [0, 1]])
    back = np.linalg.inv(
        turn @ shear @ np.diag([2 * ratio / (1 + ratio), 2 / (1 + ratio)])
    )  # Pillow maps output positions to input positions
    centre = np.array(picture.size) / 2
    whence = np.column_stack([back, centre - back @ centre]).ravel().tolist()
    return picture.transform(
        picture.size,
        Image.Transform.AFFINE,
        whence,
        Image.Resampling.BICUBIC,
        fillcolor=(255, 255, 255),
    )


def coloured(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """Shift hue, saturation and value of all pixels alike.

    Hue is a circle; the others end at 0 and 255.
    """
    most = np.array([HUE, SATURATION, VALUE])
    shifted = np.asarray(picture.convert("HSV"), np.int16) + chance.integers(
        -most, most, endpoint=True
    )
    shifted[..., 0] %= 256
    return Image.fromarray(shifted.clip(0, 255).astype(np.uint8), "HSV").convert("RGB")
