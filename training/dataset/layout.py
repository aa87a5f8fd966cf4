"""What a dataset in S3 consists of: images named by their content, lists, labels, and RecordIO files."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from PIL import __version__ as pillow_version

import functions.serialize_image.image_preparation as image_preparation
from training.dataset.dataset import SPLITS, TRAIN, VALIDATION
from training.dataset.preparation import PreparedImage
from training.dataset.recordio import write_image
from training.dataset.split import Splits

DESCRIPTION = "dataset.json"  # there if and only if the rest is there
_FORMAT = 1
_PARAMETERS = ("LOSSLESS_SIDE", "SHORT_SIDE", "LONG_SIDE", "JPEG_QUALITIES", "MAX_PREPARED_BYTES")


@dataclass(frozen=True)
class StagedObject:
    """A file, and the key under the dataset's prefix that it goes to. An image's key says its content."""

    key: str
    file: Path
    size: int
    is_image: bool = False


def path_in_split(image: PreparedImage) -> str:
    """Where an image lies under the prefix of its split. 16 hexadecimal digits: no two in 10 million are the same."""
    return f"{image.label}/{image.digest[:16]}.{image.suffix}"


def list_lines(splits: Splits, split: str) -> list[str]:
    """The lines of a split's .lst file: index, class index, path under the split's prefix, separated by TAB."""
    index_of = {label: index for index, label in enumerate(splits.labels)}
    images = enumerate(splits.images[split])
    return [
        f"{number}\t{index_of[image.label]}\t{path_in_split(image)}\n" for number, image in images
    ]


def dataset_digest(splits: Splits) -> str:
    """The digest of what a model can learn and be measured by: classes, contents, their classes, splits and order."""
    said: list[object] = [splits.labels]
    said += [
        (split, image.label, image.digest) for split in SPLITS for image in splits.images[split]
    ]
    return f"sha256:{sha256(json.dumps(said).encode()).hexdigest()}"


def lay_out(splits: Splits, folder: Path, recordio: bool) -> list[StagedObject]:
    """Write lists, labels and RecordIO files beside the prepared images; return all that the dataset consists of.

    Raises:
        OSError: the folder cannot be written.
    """
    objects = [
        StagedObject(
            f"{split}/{path_in_split(image)}", _file(folder, image), image.size, is_image=True
        )
        for split in SPLITS
        for image in splits.images[split]
    ]
    return objects + [
        StagedObject(key, path, path.stat().st_size)
        for key, path in _write_derived(splits, folder, recordio)
    ]


def describe(splits: Splits, origin: Mapping[str, Any]) -> dict[str, Any]:
    """What dataset.json says; `origin` is where the images came from and how they were chosen."""
    return {
        "format": _FORMAT,
        "digest": dataset_digest(splits),
        "labels": list(splits.labels),
        "counts": splits.counts(),
        **origin,
        "prepared_by": {
            "function": f"{image_preparation.__name__}.{image_preparation.prepare_image.__name__}",
            "parameters": {
                name.lower(): _plain(getattr(image_preparation, name)) for name in _PARAMETERS
            },
            "pillow": pillow_version,
        },
        "layout": {
            "images": "<split>/<class>/<content digest>.png or .jpg",
            "lists": "<split>_lst/<split>.lst: index, class index, path under the split, separated by TAB",
            "recordio": "<split>_rec/<split>.rec, if recordio is true",
        },
    }


def _write_derived(splits: Splits, folder: Path, recordio: bool) -> Iterator[tuple[str, Path]]:
    """Write what follows from the images; yield its keys and files."""
    labels = folder / "labels.json"
    labels.write_text(json.dumps(splits.labels, ensure_ascii=False) + "\n", encoding="utf-8")
    yield labels.name, labels
    for split in SPLITS:
        path = folder / f"{split}.lst"
        path.write_text("".join(list_lines(splits, split)), encoding="utf-8", newline="")
        yield f"{split}_lst/{path.name}", path
    for split in (TRAIN, VALIDATION) if recordio else ():
        path = folder / f"{split}.rec"
        with path.open("wb") as file:
            for number, image in enumerate(splits.images[split]):
                write_image(
                    file,
                    number,
                    splits.labels.index(image.label),
                    _file(folder, image).read_bytes(),
                )
        yield f"{split}_rec/{path.name}", path


def _plain(value: int | tuple[int, ...]) -> int | list[int]:
    """The value as JSON would give it back, so that descriptions can be compared."""
    return list(value) if isinstance(value, tuple) else value


def _file(folder: Path, image: PreparedImage) -> Path:
    return folder / f"{image.digest}.{image.suffix}"
