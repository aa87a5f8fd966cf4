"""Read the archives of CIFAR-10 and CIFAR-100 for Python, packed or unpacked.

Their format is described at https://www.cs.toronto.edu/~kriz/cifar.html. Each file is the pickle
of a dictionary. A row of its `data` is an image of 32 x 32 pixels: 1,024 bytes of red, then green,
then blue, each in row order.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from training.dataset.dataset import TEST, TRAIN
from training.dataset.inert_pickle import InertArray, UnsafePickleError, load_inert
from training.dataset.source import LabelledImage, Source, choose
from training.project.errors import TrainingError
from untrusted.archive import Limits, UnsafeArchiveError
from untrusted.tar import tar_files, tar_gz_files

_SIDE = 32
_PLANE = _SIDE * _SIDE
# CIFAR-10 has 9 members and 186 MB, CIFAR-100 has 5 members and 185 MB.
_LIMITS = Limits(members=1_000, unpacked_bytes=1 << 30)
_NOT_CIFAR = "is not an archive of CIFAR-10 or CIFAR-100 for Python."


class NoCifarArchiveError(TrainingError):
    """Use cifar-10-python.tar.gz or cifar-100-python.tar.gz."""


@dataclass(frozen=True)
class _Edition:
    names: tuple[str, bytes]  # the file with the class names, and the key of the names in it
    labels: bytes
    batches: Mapping[str, str]  # file -> split


_EDITIONS = (
    _Edition(
        ("batches.meta", b"label_names"),
        b"labels",
        {**{f"data_batch_{number}": TRAIN for number in range(1, 6)}, "test_batch": TEST},
    ),
    _Edition(("meta", b"fine_label_names"), b"fine_labels", {"train": TRAIN, "test": TEST}),
)
_FILES = {file for edition in _EDITIONS for file in (edition.names[0], *edition.batches)}


def is_cifar_folder(folder: Path) -> bool:
    """Return whether a folder is an unpacked archive."""
    return any((folder / edition.names[0]).is_file() for edition in _EDITIONS)


def read_cifar(path: Path, wanted: tuple[str, ...]) -> Source:
    """Read an archive, or the folder that it unpacks to. The archive's own test split stays.

    Raises:
        NoCifarArchiveError: The file or folder is not a CIFAR archive.
        UnknownClassError: The archive does not have a wanted class.
    """
    try:
        files = _unpacked(path) if path.is_dir() else _packed(path)
        edition = next(edition for edition in _EDITIONS if edition.names[0] in files)
        file, key = edition.names
        names = [name.decode() for name in load_inert(files[file])[key]]
        chosen = choose(names, wanted)

        images = [
            image
            for batch, split in edition.batches.items()
            for image in _images(
                f"{path}:{batch}", load_inert(files[batch]), edition.labels, names, split
            )
            if image.label in chosen
        ]
    except (
        StopIteration,
        KeyError,
        TypeError,
        IndexError,
        ValueError,
        AttributeError,
        EOFError,
    ) as exc:
        raise NoCifarArchiveError(f"{path} {_NOT_CIFAR} {NoCifarArchiveError.__doc__}") from exc
    except (UnsafePickleError, UnsafeArchiveError, OSError) as exc:
        raise NoCifarArchiveError(
            f"{path} {_NOT_CIFAR} {exc} {NoCifarArchiveError.__doc__}"
        ) from exc

    left_alone = tuple(sorted(set(names) - set(chosen)))
    return Source(chosen, images, left_alone)


def _unpacked(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name in _FILES and path.is_file()
    }


def _packed(path: Path) -> dict[str, bytes]:
    """Return the content of the archive's files by file name, without unpacking to disk."""
    read = tar_files if path.suffix.lower() == ".tar" else tar_gz_files

    with path.open("rb") as archive:
        return {
            file.path.name: file.content()
            for file in read(archive, _LIMITS)
            if file.path.name in _FILES
        }


def _images(
    place: str, batch: Mapping[bytes, Any], labels: bytes, names: list[str], split: str
) -> list[LabelledImage]:
    pixels = batch[b"data"]
    numbers = batch[labels]
    size = 3 * _PLANE

    if not isinstance(pixels, InertArray) or len(pixels.data) != size * len(numbers):
        raise ValueError(f"{place} does not hold an image for each label")

    return [
        LabelledImage(
            f"{place}[{row}]", names[number], partial(_picture, pixels.data, row * size), split
        )
        for row, number in enumerate(numbers)
    ]


def _picture(pixels: bytes, offset: int) -> bytes:
    """Return the pixels at an offset as a BMP file, which needs no compression."""
    from PIL import Image

    starts = range(offset, offset + 3 * _PLANE, _PLANE)
    planes = [
        Image.frombytes("L", (_SIDE, _SIDE), pixels[start : start + _PLANE]) for start in starts
    ]
    buffer = io.BytesIO()
    Image.merge("RGB", planes).save(buffer, "BMP")
    return buffer.getvalue()
