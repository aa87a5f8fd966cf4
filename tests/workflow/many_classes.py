"""Generated images of many classes: each class has a grid of colours of its own."""

import colorsys
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

SIDE = 32  # pixels
CELLS = 4  # of a side
_COLOURS = [
    colorsys.hsv_to_rgb(hue / 8, saturation, value)
    for hue in range(8)
    for saturation, value in ((1.0, 0.95), (0.45, 0.7))
]


def class_names(count: int, length: int) -> list[str]:
    """Return names of the same length, each of which begins with its number."""
    letters = Random(0)
    return [
        f"{number:04} {''.join(letters.choices('abcdefghijklmnopqrstuvwxyz', k=length - 5))}"
        for number in range(count)
    ]


def picture(number: int, variant: int) -> Image.Image:
    """Return an image of a class; variants differ in their brightness and noise."""
    own = np.array(Random(number).choices(_COLOURS, k=CELLS * CELLS)).reshape(CELLS, CELLS, 3)
    pixels = own.repeat(SIDE // CELLS, axis=0).repeat(SIDE // CELLS, axis=1)
    draw = np.random.default_rng([number, variant])
    light = draw.uniform(0.85, 1.0)
    noisy = pixels * light + draw.normal(0, 0.02, pixels.shape)
    return Image.fromarray((noisy.clip(0, 1) * 255).astype(np.uint8))


def write_images(folder: Path, names: list[str], each: int) -> None:
    """Write images of all classes, each class in a folder of its own."""
    for number, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for variant in range(each):
            picture(number, variant).save(folder / name / f"{variant}.png")
