"""Measure whether a photo gets the same class as JPEG, HEIC and AVIF.

    make .venv-heif/.ready
    .venv/bin/python -m benchmarks.photo_formats

The sample photos are enlarged to 1,024 pixels and encoded in each format. A linear classifier on
the features of the backbone, trained on the training photos, classifies what the service prepares.
"""

import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression

from algorithm.backbone import load_backbone
from functions.serialize_image.image_preparation import prepare_image
from untrusted.terminal import say

PHOTOS = Path("examples/photos")
ENCODER = (".venv-heif/bin/python", "-m", "benchmarks.heic_encoder")
SIDE = 1_024  # pixels: a photo has more detail than the model sees, as on a phone
COUNT = 200
AGREEMENT = 0.99  # of the classes, at least


def photos(split: str) -> list[tuple[Path, str]]:
    """Return the files of a split with their classes, in turns."""
    files = sorted((PHOTOS / split).glob("*/*.webp"), key=lambda path: path.stem[-3:])
    return [(path, path.parent.name) for path in files]


def enlarged(path: Path) -> Image.Image:
    """Return a sample photo at the size of the comparison."""
    image = Image.open(path).convert("RGB")
    return image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, image_format: str) -> bytes:
    """Encode with Pillow."""
    buffer = BytesIO()
    image.save(buffer, image_format, quality=90)
    return buffer.getvalue()


def features(files: list[bytes]) -> NDArray[np.float32]:
    """Return the features of what the service prepares."""
    backbone = load_backbone()
    return np.stack([backbone.features(prepare_image(data).data) for data in files])


def measure() -> tuple[list[str], bool]:
    """Return the figures, and whether they are as required."""
    training, test = photos("train"), photos("test")[:COUNT]
    jpegs = [encoded(enlarged(path), "JPEG") for path, _ in training]
    classifier = LogisticRegression(max_iter=2_000)
    classifier.fit(features(jpegs), [name for _, name in training])

    images = [enlarged(path) for path, _ in test]
    files = {name: [encoded(image, name) for image in images] for name in ("JPEG", "AVIF")}
    with tempfile.TemporaryDirectory() as folder:
        for number, image in enumerate(images):
            image.save(Path(folder, f"{number:03}.png"))
        subprocess.run([*ENCODER, folder], check=True)
        files["HEIC"] = [path.read_bytes() for path in sorted(Path(folder).glob("*.heic"))]

    truth = np.array([name for _, name in test])
    classes = {name: classifier.predict(features(data)) for name, data in files.items()}
    same = {name: float(np.mean(found == classes["JPEG"])) for name, found in classes.items()}
    lines = [f"{len(test)} photos of {SIDE} x {SIDE} pixels"]
    lines += [
        f"  {name:5} same class {same[name]:6.1%}   right {np.mean(found == truth):6.1%}"
        f"   {sum(map(len, files[name])) / len(test) / 1e3:5.1f} kB"
        for name, found in classes.items()
    ]
    return lines, min(same.values()) >= AGREEMENT


if __name__ == "__main__":
    lines, holds = measure()
    say(*lines)
    sys.exit(not holds)
