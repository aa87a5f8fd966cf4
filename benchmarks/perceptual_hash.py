"""Measure how well the perceptual hash finds re-saved photos.

Run `python -m benchmarks.perceptual_hash build/cifar10`. The folder holds CIFAR-10
(`python -m benchmarks.cifar10 build/cifar10`). The benchmark answers two questions, both within the
bits that the product allows. Which share of re-saved test photos has the hash of its original? How
many pairs of different test photos have the same hash?
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from functions.serialize_image.image_preparation import prepare_image
from functions.serialize_image.perceptual_hash import SAME_MOTIF_BITS
from training.statistics.metrics import wilson_interval
from untrusted.console import Console, track
from untrusted.terminal import say

RESAVED = 1_000  # photos; every tenth of the test images
ROWS = 500  # hashes that are compared with all others at once
Resave = Callable[[Image.Image], bytes]


def encode(image: Image.Image, image_format: str, **options: int) -> bytes:
    """Return an image as the bytes of a file."""
    file = BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def scale(image: Image.Image, factor: float) -> Image.Image:
    """Return an image of another size."""
    size = (round(image.width * factor), round(image.height * factor))
    return image.resize(size, Image.Resampling.BICUBIC)


RESAVES: dict[str, Resave] = {
    "JPEG, quality 60": lambda image: encode(image, "JPEG", quality=60),
    "JPEG, quality 75": lambda image: encode(image, "JPEG", quality=75),
    "JPEG, quality 95": lambda image: encode(image, "JPEG", quality=95),
    "50 % of the size": lambda image: encode(scale(image, 0.5), "PNG"),
    "200 % of the size": lambda image: encode(scale(image, 2), "PNG"),
    "WebP, quality 80": lambda image: encode(image, "WEBP", quality=80),
    "GIF": lambda image: encode(image, "GIF"),
    "200 %, then JPEG, quality 75": lambda image: encode(scale(image, 2), "JPEG", quality=75),
}


def hash_bits(data: bytes) -> NDArray[np.uint8]:
    """Return the 64 bits of a file's perceptual hash, as the service computes it."""
    image_hash = bytes.fromhex(prepare_image(data).image_hash)
    return np.unpackbits(np.frombuffer(image_hash, np.uint8))


def found_shares(photos: Sequence[Path], console: Console) -> Iterator[tuple[str, int, int]]:
    """Yield each way to save a photo again, with the numbers of found and of tried photos."""
    originals = [(photo, hash_bits(photo.read_bytes())) for photo in photos]

    for name, resave in track(console, "Saving photos again", RESAVES.items(), len(RESAVES)):
        found = 0
        for photo, bits in originals:
            with Image.open(photo) as image:
                again = hash_bits(resave(image.convert("RGB")))
            found += int((bits != again).sum()) <= SAME_MOTIF_BITS
        yield name, found, len(originals)


def close_pairs(bits: NDArray[np.uint8]) -> int:
    """Count pairs of different images whose hashes differ in at most `SAME_MOTIF_BITS` bits."""
    ones = bits.astype(np.float32)
    pairs = 0

    for start in range(0, len(ones), ROWS):
        some = ones[start : start + ROWS]
        differing = some @ (1 - ones).T + (1 - some) @ ones.T
        pairs += int((differing <= SAME_MOTIF_BITS).sum())

    return (pairs - len(ones)) // 2  # each image is close to itself, and each pair came twice


def measure(folder: Path, console: Console) -> Iterator[str]:
    """Yield the lines of the report.

    Args:
        folder: CIFAR-10 as `benchmarks.cifar10` writes it.
    """
    photos = sorted(folder.glob("test/*/*.png"))
    yield f"A hash finds a photo if at most {SAME_MOTIF_BITS} of 64 bits differ."

    for name, found, tried in found_shares(photos[:: max(1, len(photos) // RESAVED)], console):
        low, high = wilson_interval(found, tried)
        yield (
            f"{name:30} {100 * found / tried:6.2f} % found"
            f" ({100 * low:.1f} to {100 * high:.1f} %, n = {tried:,})"
        )

    hashed = track(console, "Hashing photos", photos, len(photos))
    bits = np.array([hash_bits(photo.read_bytes()) for photo in hashed])
    yield f"{close_pairs(bits):,} pairs of {len(photos):,} different photos are found as well."


def main(arguments: Sequence[str]) -> int:
    """Print the report; return 1 if the folder holds no test photos."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.perceptual_hash")
    parser.add_argument("folder", type=Path, help="CIFAR-10 (python -m benchmarks.cifar10 FOLDER)")
    folder = parser.parse_args(arguments).folder

    if not any(folder.glob("test/*/*.png")):
        say(f"{folder} holds no test photos. Run python -m benchmarks.cifar10 {folder}.")
        return 1

    for line in measure(folder, Console(stderr=True)):
        say(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
