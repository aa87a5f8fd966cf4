"""The archives of CIFAR-10 and CIFAR-100 for Python, packed or unpacked.

Their format: https://www.cs.toronto.edu/~kriz/cifar.html. Each file is the pickle of a dictionary; a row of its `data`
is an image of 32 x 32 pixels: 1,024 bytes of red, then green, then blue, each in row order.
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
_LIMITS = Limits(
    members=1_000, unpacked_bytes=1 << 30
)  # CIFAR-10 has 9 and 186 MB, CIFAR-100 has 5 and 185 MB


class NoCifarArchiveError(TrainingError):
    """This is no archive of CIFAR-10 or CIFAR-100 for Python (cifar-10-python.tar.gz, cifar-100-python.tar.gz)."""


@dataclass(frozen=True)
class _Edition:
    names: tuple[str, bytes]  # the file with the names of the classes, and their key in it
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
    """Tell whether a folder is an unpacked archive."""
    return any((folder / edition.names[0]).is_file() for edition in _EDITIONS)


def read_cifar(path: Path, wanted: tuple[str, ...]) -> Source:
    """Read an archive, or the folder that it unpacks to; its own test split is kept.

    Raises:
        NoCifarArchiveError: it is none. UnknownClassError: a wanted class is not in it.
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
        raise NoCifarArchiveError(f"{path}: {NoCifarArchiveError.__doc__}") from exc
    except (UnsafePickleError, UnsafeArchiveError, OSError) as exc:
        raise NoCifarArchiveError(f"{path}: {exc} {NoCifarArchiveError.__doc__}") from exc
    return Source(chosen, images, tuple(sorted(set(names) - set(chosen))))


def _unpacked(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name in _FILES and path.is_file()
    }


def _packed(path: Path) -> dict[str, bytes]:
    """The files by name, whatever folder of the archive they lie in; nothing is unpacked to disk."""
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
    pixels, numbers = batch[b"data"], batch[labels]
    if not isinstance(pixels, InertArray) or len(pixels.data) != 3 * _PLANE * len(numbers):
        raise ValueError(f"{place} does not hold an image for each label")
    size = 3 * _PLANE
    return [
        LabelledImage(
            f"{place}[{row}]", names[number], partial(_picture, pixels.data, row * size), split
        )
        for row, number in enumerate(numbers)
    ]


def _picture(pixels: bytes, offset: int) -> bytes:
    """The image file of the pixels at an offset: BMP, which costs no compression."""
    from PIL import Image

    starts = range(offset, offset + 3 * _PLANE, _PLANE)
    planes = [
        Image.frombytes("L", (_SIDE, _SIDE), pixels[start : start + _PLANE]) for start in starts
    ]
    buffer = io.BytesIO()
    Image.merge("RGB", planes).save(buffer, "BMP")
    return buffer.getvalue()
