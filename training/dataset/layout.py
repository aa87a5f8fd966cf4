"""Lay out a dataset for S3: images named by their content, lists, labels and RecordIO files."""

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
from training.dataset.source import Reason
from training.dataset.split import Splits

DESCRIPTION = "dataset.json"  # written last, so it exists only beside a complete dataset
_FORMAT = 1
_PARAMETERS = (
    "LOSSLESS_SIDE",
    "SHORT_SIDE",
    "LONG_SIDE",
    "JPEG_QUALITIES",
    "FULL_COLOUR_QUALITIES",
    "MAX_PREPARED_BYTES",
)


@dataclass(frozen=True)
class StagedObject:
    """A file, and its key under the dataset's prefix. The key of an image is its content digest."""

    key: str
    file: Path
    size: int
    is_image: bool = False


def path_in_split(image: PreparedImage) -> str:
    """Return the path of an image under the prefix of its split.

    16 hexadecimal digits distinguish more than 10 million images.
    """
    return f"{image.label}/{image.digest[:16]}.{image.suffix}"


def list_lines(splits: Splits, split: str) -> list[str]:
    """Return the lines of a split's .lst file: index, class index and path, separated by TAB.

    AWS requires unique indices. A path may be on several lines.
    """
    index_of = {label: index for index, label in enumerate(splits.labels)}
    images = enumerate(splits.entries(split))
    return [
        f"{number}\t{index_of[image.label]}\t{path_in_split(image)}\n" for number, image in images
    ]


def dataset_digest(splits: Splits) -> str:
    """Return the digest of everything that training and evaluation depend on.

    It covers the classes, the image contents, their classes, their splits and their order.
    """
    content: list[object] = [splits.labels]
    content += [
        (split, image.label, image.digest) for split in SPLITS for image in splits.entries(split)
    ]
    return f"sha256:{sha256(json.dumps(content).encode()).hexdigest()}"


def lay_out(splits: Splits, folder: Path, recordio: bool) -> list[StagedObject]:
    """Write lists, labels and RecordIO files beside the images, and list the whole dataset.

    Raises:
        OSError: The folder is not writable.
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
    """Return dataset.json. `origin` names the source of the images and how they were selected."""
    return {
        "format": _FORMAT,
        "digest": dataset_digest(splits),
        "labels": list(splits.labels),
        "counts": splits.counts(),
        "groups": splits.groups(),
        "reasons": splits.reasons(),
        "reviewed": _reviewed(splits),
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
            "lists": "<split>_lst/<split>.lst: index, class index, path under the split, "
            "separated by TAB",
            "recordio": "<split>_rec/<split>.rec, if recordio is true",
        },
    }


def _write_derived(splits: Splits, folder: Path, recordio: bool) -> Iterator[tuple[str, Path]]:
    """Write the files that are derived from the images, and yield their keys and paths."""
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
            for number, image in enumerate(splits.entries(split)):
                write_image(
                    file,
                    number,
                    splits.labels.index(image.label),
                    _file(folder, image).read_bytes(),
                )
        yield f"{split}_rec/{path.name}", path


def _reviewed(splits: Splits) -> dict[str, list[str]]:
    """Return the images that people labelled in the service, by the reason of the review."""
    images = [image for split in SPLITS for image in splits.images[split]]
    return {
        str(reason): [
            f"{image.split}/{path_in_split(image)}" for image in images if image.reason == reason
        ]
        for reason in (Reason.REVIEW, Reason.AUDIT)
    }


def _plain(value: int | tuple[int, ...]) -> int | list[int]:
    """Return the value as JSON reads it back, so that descriptions can be compared."""
    return list(value) if isinstance(value, tuple) else value


def _file(folder: Path, image: PreparedImage) -> Path:
    return folder / f"{image.digest}.{image.suffix}"
