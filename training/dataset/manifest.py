"""Read a manifest: a file with the path and the class of each image."""

import csv
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cli.s3_url import InvalidS3UrlError, split_s3_url
from training.dataset.dataset import SPLITS, TRAIN
from training.dataset.manifest_rows import Columns, ManifestError, Row, rows_of
from training.dataset.source import (
    LabelledImage,
    Source,
    UnknownClassError,
    choose,
    class_name,
    read_file,
)
from training.dataset.split_names import split_named
from training.dataset.stored_image import object_reader

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def read_manifest(path: Path, columns: Columns, wanted: tuple[str, ...], s3: "S3Client") -> Source:
    """Read a manifest. Its paths are relative to its own folder.

    Raises:
        ManifestError: The manifest is malformed.
        NotClassificationError: The labels are not of whole images.
        UnknownClassError: A label is not wanted, or a wanted label is missing.
    """
    try:
        rows, unlabelled = rows_of(path, columns)
    except UnicodeDecodeError as exc:
        raise ManifestError(f"{path} is not in UTF-8. Save it as UTF-8 text.") from exc
    except (OSError, csv.Error) as exc:
        raise ManifestError(f"{path} cannot be read: {exc}") from exc
    if not rows:
        raise ManifestError(f"{path} has no rows. {ManifestError.__doc__}")

    images = [_image(row, path.parent, columns, s3) for row in rows]
    for row, image in zip(rows, images, strict=True):
        if wanted and image.label not in wanted:
            raise UnknownClassError(
                f"{row.place} has the label {image.label}, which is not among --classes."
            )
    classes = choose({image.label for image in images}, wanted)
    return Source(classes, images, tuple(unlabelled))


def _image(row: Row, folder: Path, columns: Columns, s3: "S3Client") -> LabelledImage:
    where = row.needed(columns.path)
    label = class_name(row.needed(columns.label))
    given = row.text(columns.split)
    split = split_named(given) if given else TRAIN
    if split is None:
        raise ManifestError(
            f"{row.place} has the {columns.split} {given}. Use one of {', '.join(SPLITS)}."
        )

    group = row.text(columns.group)
    if where.startswith("s3://"):
        reader = object_reader(s3, *_place_in_s3(row, where))
        return LabelledImage(where, label, reader, split, group=group)
    path = _file(folder, where, row.elsewhere)
    return LabelledImage(str(path), label, partial(read_file, path), split, group=group)


def _file(folder: Path, where: str, elsewhere: tuple[str, ...]) -> Path:
    """Return the place of a file. A missing file keeps the place that the manifest names."""
    named = folder / where
    windows = folder / where.replace("\\", "/")
    places = (named, windows, *(folder / one for one in elsewhere))
    return next((place for place in places if place.is_file()), named)


def _place_in_s3(row: Row, url: str) -> tuple[str, str]:
    try:
        return split_s3_url(url)
    except InvalidS3UrlError as exc:
        raise ManifestError(f"{row.place}: {exc}") from exc
