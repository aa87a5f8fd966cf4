"""Augmentation: chance views of a training image, as `augmentation_type` of the built-in algorithm asks for them.

Ranges: https://docs.aws.amazon.com/sagemaker/latest/dg/IC-Hyperparameter.html.
One thing differs: value is shifted beside hue and saturation, not lightness, since Pillow knows
HSV and no HSL.
"""

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Literal, get_args

import numpy as np
from PIL import Image

from algorithm.pixels import SIDE, resized

type Kind = Literal["crop", "crop_color", "crop_color_transform"]

KINDS: tuple[Kind, ...] = get_args(Kind.__value__)
# An image has so many views in a job, and an epoch takes one of them or the image itself. New ones in every epoch, as
# where the whole network learns, would cost a pass of the backbone each: 30 epochs would take 30 times the time.
VIEWS = 4
HUE, SATURATION, VALUE = 51, 50, 50  # of 256; the built-in algorithm's 36 of hue are of 180
ANGLE, SHEAR, ASPECT = 10.0, 0.1, 0.25  # degrees; pixels a pixel; of 1


@dataclass(frozen=True, slots=True)
class View:
    """One of an image's views. What chance makes of it follows from its number and the image's digest alone."""

    kind: Kind
    number: int
    resize: int | None  # pixels of the shorter side before the crop; None: as they are

    def of(self, picture: Image.Image, digest: bytes) -> Image.Image:
        """The view of an RGB picture, 224 x 224 pixels."""
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
    """Turned, sheared and stretched about its centre; what is not in the picture is white, as in MXNet."""
    angle = radians(chance.uniform(-ANGLE, ANGLE))
    ratio = 1 + chance.uniform(-ASPECT, ASPECT)  # of width to height
    turn = np.array([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
    shear = np.array([[1, chance.uniform(-SHEAR, SHEAR)], [0, 1]])
    back = np.linalg.inv(
        turn @ shear @ np.diag([2 * ratio / (1 + ratio), 2 / (1 + ratio)])
    )  # Pillow asks whence
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
    """With hue, saturation and value shifted, all of its pixels alike. Hue is a circle; the others end at 0 and 255."""
    most = np.array([HUE, SATURATION, VALUE])
    shifted = np.asarray(picture.convert("HSV"), np.int16) + chance.integers(
        -most, most, endpoint=True
    )
    shifted[..., 0] %= 256
    return Image.fromarray(shifted.clip(0, 255).astype(np.uint8), "HSV").convert("RGB")
