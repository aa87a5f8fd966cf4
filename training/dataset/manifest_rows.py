"""Read the rows of a manifest: CSV, JSON, .lst, and the exports of labelling tools."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError, fromstring  # nosec B405

from training.dataset.labelling_tools import Entry, cvat, datumaro, entry_of
from training.project.errors import TrainingError

CSV_SUFFIXES = {".csv", ".tsv"}
JSON_SUFFIXES = {".jsonl", ".ndjson", ".json", ".manifest"}
LIST_SUFFIX = ".lst"
XML_SUFFIX = ".xml"
SUFFIXES = CSV_SUFFIXES | JSON_SUFFIXES | {LIST_SUFFIX, XML_SUFFIX}
_DELIMITERS = ",;\t"  # spreadsheets write semicolons where the comma is the decimal separator
_EXCEL = "sep="  # a line of Excel that names the delimiter


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
class Row:
    """A row, its place ("photos.csv, line 3"), and other places where its file may be."""

    place: str
    values: dict[str, Any]
    elsewhere: tuple[str, ...] = ()

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


def rows_of(path: Path, columns: Columns) -> tuple[list[Row], list[str]]:
    """Return the rows of a manifest, and the paths of images that nobody has labelled.

    Raises:
        ManifestError: The manifest is malformed.
        NotClassificationError: The labels are not of whole images.
        OSError: The file is not readable.
        UnicodeDecodeError: The file is not in UTF-8.
    """
    suffix = path.suffix.lower()
    if suffix in CSV_SUFFIXES:
        return list(_csv_rows(path, columns)), []
    if suffix == LIST_SUFFIX:
        return list(_list_rows(path, columns)), []
    if suffix == XML_SUFFIX:
        return _labelled(_cvat_entries(path), columns)

    found = list(_json_values(path))
    if len(found) == 1 and {"items", "categories"} <= found[0][1].keys():
        place, content = found[0]
        try:
            entries = [(place, entry) for entry in datumaro(content, path.stem)]
        except (KeyError, IndexError, TypeError, AttributeError) as exc:
            raise ManifestError(f"{path} is not a file of Datumaro: {exc!r}.") from exc
        return _labelled(iter(entries), columns)

    rows: list[Row] = []
    unlabelled: list[str] = []
    for place, values in found:
        entry = _known(place, values, columns)
        if entry is None:
            rows.append(Row(place, values))
            continue
        more, without = _labelled(iter([(place, entry)]), columns)
        rows += more
        unlabelled += without
    return rows, unlabelled


def _known(place: str, values: dict[str, Any], columns: Columns) -> Entry | None:
    try:
        return entry_of(place, values, columns.label)
    except (AttributeError, TypeError) as exc:
        raise ManifestError(f"{place} is not in the format that it seems to have.") from exc


def _labelled(
    entries: Iterator[tuple[str, Entry]], columns: Columns
) -> tuple[list[Row], list[str]]:
    """Return rows, and the images without a label; an image with several labels is refused."""
    rows = []
    unlabelled = []
    for place, entry in entries:
        if len(entry.labels) > 1:
            raise ManifestError(
                f"{place}: {entry.path} has the labels {', '.join(entry.labels)}. "
                "Every image needs one label; --label-column names one of several attributes."
            )
        if not entry.labels:
            unlabelled.append(f"{entry.path} ({entry.note})")
            continue
        values = {
            name: entry.fields[name]
            for name in (columns.split, columns.group)
            if isinstance(entry.fields.get(name), str)
        }
        values |= {columns.path: entry.path, columns.label: entry.labels[0]}
        rows.append(Row(place, values, entry.elsewhere))
    return rows, unlabelled


def _csv_rows(path: Path, columns: Columns) -> Iterator[Row]:
    # Spreadsheets write a byte order mark, which "-sig" skips.
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        skipped = first.lower().startswith(_EXCEL)
        if not skipped:
            file.seek(0)
        delimiter = first.strip()[len(_EXCEL) :] if skipped else ""
        reader = csv.DictReader(
            file,
            delimiter=delimiter if len(delimiter) == 1 else max(_DELIMITERS, key=first.count),
            skipinitialspace=True,
            strict=True,
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
            # Excel writes rows without content at the end of a sheet.
            if any(isinstance(text, str) and text.strip() for text in values.values()):
                yield Row(f"{path.name}, line {reader.line_num + skipped}", values)


def _json_values(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of JSON lines, of one JSON array, or the one object of a JSON file."""
    text = path.read_text(encoding="utf-8-sig")
    whole = text.lstrip().startswith("[") or path.suffix.lower() == ".json"
    if whole and (entries := _whole(text)) is not None:
        numbered = [(f"{path.name}, entry {n}", one) for n, one in enumerate(entries, start=1)]
    else:
        numbered = [
            (place, _parsed(place, line))
            for number, line in enumerate(text.split("\n"), start=1)
            if line.strip()
            for place in [f"{path.name}, line {number}"]
        ]
    for place, values in numbered:
        if not isinstance(values, dict):
            raise ManifestError(
                f"{place} is not a JSON object. Every line or entry must be a JSON object."
            )
        yield place, values


def _whole(text: str) -> list[Any] | None:
    """Return the entries of a file that is one JSON value, None for other files."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, list) else [content]


def _parsed(place: str, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise ManifestError(
            f"{place} is not valid JSON. Every line must hold one JSON object."
        ) from exc


def _list_rows(path: Path, columns: Columns) -> Iterator[Row]:
    """Yield the rows of a .lst file: index, class number and path. Folders name the classes."""
    names: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip():
            continue
        place = f"{path.name}, line {number}"
        parts = [part.strip() for part in line.split("\t")]
        if len(parts) != 3:
            raise ManifestError(f"{place} is not an index, a class and a path, separated by TAB.")
        _, label, where = parts
        folder = where.replace("\\", "/").rpartition("/")[0].rpartition("/")[2]
        taken = names.setdefault(label, folder) != folder
        if not folder or taken or list(names.values()).count(folder) > 1:
            raise ManifestError(
                f"{place}: class {label} has no name, because the paths are not in one folder for "
                "each class. Write a .csv file with the columns path and label."
            )
        yield Row(place, {columns.path: where, columns.label: folder})


def _cvat_entries(path: Path) -> Iterator[tuple[str, Entry]]:
    text = path.read_text(encoding="utf-8-sig")
    if "<!DOCTYPE" in text:  # entities can make a small file endless
        raise ManifestError(f"{path} has a DOCTYPE, which exports of CVAT do not have.")
    try:
        root = fromstring(text)  # noqa: S314 # nosec B314 - no DOCTYPE, no entities
    except (ParseError, ValueError) as exc:
        raise ManifestError(f"{path} is not XML: {exc}.") from exc
    for number, entry in enumerate(cvat(root), start=1):
        yield f"{path.name}, image {number}", entry
