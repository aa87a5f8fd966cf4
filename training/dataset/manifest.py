"""Read a manifest: a CSV file or a file of JSON lines with the path and the class of each image."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.s3_url import InvalidS3UrlError, split_s3_url
from training.dataset.dataset import SPLITS, TRAIN
from training.dataset.source import (
    LabelledImage,
    Source,
    UnknownClassError,
    choose,
    class_name,
    read_file,
)
from training.dataset.stored_image import object_reader
from training.project.errors import TrainingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CSV_SUFFIXES = {".csv", ".tsv"}
JSON_SUFFIXES = {".jsonl", ".ndjson", ".json"}
_DELIMITERS = ",;\t"  # spreadsheets write semicolons where the comma is the decimal separator


class ManifestError(TrainingError):
    """Give every row of the manifest a path (or S3 URL) and a label; a split is optional."""


@dataclass(frozen=True)
class Columns:
    """Names of the columns of a CSV file, or of the fields of a JSON object."""

    path: str = "path"
    label: str = "label"
    split: str = "split"
    group: str = "group"


@dataclass(frozen=True)
class _Row:
    place: str  # "photos.csv, line 3"
    values: dict[str, Any]

    def text(self, column: str) -> str:
        """Return the value of a column as text, "" if it has no value.

        Raises:
            ManifestError: The value is not text.
        """
        value = self.values.get(column)
        if value is None:
            return ""
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value).strip()
        raise ManifestError(f"{self.place}: {column} is {value!r}, which is not text.")

    def needed(self, column: str) -> str:
        """Return the value of a column that must not be empty.

        Raises:
            ManifestError: The value is empty or not text.
        """
        text = self.text(column)
        if not text:
            raise ManifestError(f"{self.place} has no {column}.")
        return text


def read_manifest(path: Path, columns: Columns, wanted: tuple[str, ...], s3: "S3Client") -> Source:
    """Read a manifest. Its paths are relative to its own folder.

    Raises:
        ManifestError: The manifest is malformed, or names a file that does not exist.
        UnknownClassError: A label is not wanted, or a wanted label is missing.
    """
    try:
        rows = list(
            _json_rows(path) if path.suffix.lower() in JSON_SUFFIXES else _csv_rows(path, columns)
        )
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
    return Source(choose({image.label for image in images}, wanted), images)


def _csv_rows(path: Path, columns: Columns) -> Iterator[_Row]:
    # Spreadsheets write a byte order mark, which "-sig" skips.
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        reader = csv.DictReader(
            file, delimiter=max(_DELIMITERS, key=first.count), skipinitialspace=True, strict=True
        )
        header = [name.strip() for name in reader.fieldnames or []]
        missing = [name for name in (columns.path, columns.label) if name not in header]
        if missing:
            missing_columns = " and no column ".join(missing)
            raise ManifestError(
                f"{path} has no column {missing_columns}. Its first line names {', '.join(header)}."
                " Name the columns with --path-column and --label-column."
            )
        reader.fieldnames = header
        for values in reader:
            yield _Row(f"{path.name}, line {reader.line_num}", values)


def _json_rows(path: Path) -> Iterator[_Row]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path.name}, line {number}"
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise ManifestError(
                f"{place} is not valid JSON. Every line must hold one JSON object."
            ) from exc
        if not isinstance(values, dict):
            raise ManifestError(
                f"{place} is not a JSON object. Every line must hold one JSON object."
            )
        yield _Row(place, values)


def _image(row: _Row, folder: Path, columns: Columns, s3: "S3Client") -> LabelledImage:
    where = row.needed(columns.path)
    label = class_name(row.needed(columns.label))
    split = row.text(columns.split).lower() or TRAIN

    if split not in SPLITS:
        raise ManifestError(
            f"{row.place} has the {columns.split} {split}. Use one of {', '.join(SPLITS)}."
        )
    group = row.text(columns.group)
    if where.startswith("s3://"):
        reader = object_reader(s3, *_place_in_s3(row, where))
        return LabelledImage(where, label, reader, split, group=group)
    path = folder / where
    if not path.is_file():
        raise ManifestError(f"{row.place}: the file {path} does not exist.")
    return LabelledImage(str(path), label, partial(read_file, path), split, group=group)


def _place_in_s3(row: _Row, url: str) -> tuple[str, str]:
    try:
        return split_s3_url(url)
    except InvalidS3UrlError as exc:
        raise ManifestError(f"{row.place}: {exc}") from exc
