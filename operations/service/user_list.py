"""Read a user's list of images: CSV with image_url[, version_id, uploaded_at], or S3 inventory."""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.errors import CommandError
from cli.s3_url import split_s3_url
from operations.service.bucket import downloaded
from operations.service.context import Context
from operations.service.image import NOT_VERSIONED, ImageVersion, stored

_NAMED = 20  # bad lines in the message
_WORKERS = 16  # calls of HeadObject at once
# 405: the version is a delete marker; 400 and InvalidArgument: no version id has this form.
_ABSENT = {"404", "NoSuchKey", "NoSuchVersion", "405", "400", "InvalidArgument"}
# The form in records, which sort by it; the workflow accepts at most 100 characters.
_UPLOADED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ#\w{0,79}", re.ASCII)
_MAX_BYTES = 1024  # of a key and of a version id: S3's limit


class ListNotReadableError(CommandError):
    """The list cannot be read."""


class ColumnsMissingError(CommandError):
    """The list has no column image_url, nor Bucket and Key. Add a header, or use --columns."""


class InvalidListError(CommandError):
    """The list has lines without a valid image; nothing was started."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    image_url: str
    version_id: str
    uploaded_at: str


def read_user_list(context: Context, name: str, columns: str | None) -> Iterator[ImageVersion]:
    """Yield the image versions of a list; S3 adds version and time where they are missing.

    Args:
        context: where the images are.
        name: a file or an S3 URL, gzipped if it ends in .gz.
        columns: comma-separated names of the columns of a list without a header line.

    Raises:
        ListNotReadableError: the list does not exist, or is not CSV in UTF-8.
        ColumnsMissingError: the list has no columns for the images.
        InvalidListError: at the end, with the lines that do not name a stored, readable image.
    """
    bad: list[str] = []
    with _opened(context, name) as file, ThreadPoolExecutor(_WORKERS) as pool:
        for lines in batched(_lines(file, columns), 1000, strict=False):
            for found in pool.map(lambda line: _resolved(context, line), lines):
                if isinstance(found, str):
                    bad.append(found)
                else:
                    yield found

    if bad:
        more = [f"and {len(bad) - _NAMED:,} more lines"] if len(bad) > _NAMED else []
        raise InvalidListError(str(InvalidListError.__doc__), *bad[:_NAMED], *more)


@contextmanager
def _opened(context: Context, name: str) -> Iterator[Iterable[str]]:
    try:
        with ExitStack() as files:
            if name.startswith("s3://"):
                file: IO[bytes] = files.enter_context(downloaded(context, *split_s3_url(name)))
            else:
                file = files.enter_context(Path(name).open("rb"))
            data = files.enter_context(gzip.open(file)) if name.endswith(".gz") else file
            # Spreadsheets begin their files with a byte order mark.
            yield files.enter_context(io.TextIOWrapper(data, encoding="utf-8-sig", newline=""))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as exc:
        raise ListNotReadableError(f"{name}: {exc}") from exc
    except ClientError as exc:
        if code_of(exc) not in _ABSENT | {"NoSuchBucket"}:
            raise
        raise ListNotReadableError(f"{name}: the object does not exist.") from exc


def _lines(file: Iterable[str], columns: str | None) -> Iterator[_Line]:
    reader = csv.reader(file, strict=True)
    header = columns.split(",") if columns else next(reader, [])
    names = [name.strip().lower().replace("_", "") for name in header]
    if "imageurl" not in names and not {"bucket", "key"} <= {*names}:
        raise ColumnsMissingError

    for values in reader:
        row = dict(zip(names, values, strict=False))
        older = row.get("islatest", "").lower() == "false"
        deleted = row.get("isdeletemarker", "").lower() == "true"
        if any(values[len(names) :]):  # an unquoted comma, perhaps in a key
            yield _Line(reader.line_num, ",".join(values), "", "")
        elif values and not older and not deleted:
            yield _line(reader.line_num, row)


def _line(number: int, row: Mapping[str, str]) -> _Line:
    # In an inventory keys are URL-encoded.
    url = (
        row["imageurl"]
        if "imageurl" in row
        else f"s3://{row.get('bucket')}/{unquote_plus(row.get('key', ''))}"
    )
    version = row.get("versionid", "")
    # LastModifiedDate of an inventory can differ from LastModified by the upload's duration.
    return _Line(
        number, url, "" if version == NOT_VERSIONED else version, row.get("uploadedat", "")
    )


def _resolved(context: Context, line: _Line) -> ImageVersion | str:
    """Return the image version in a line, or a description of the line's error."""
    if (
        not line.image_url.startswith(context.service.readable)
        or line.image_url in context.service.readable
    ):
        readable = " or ".join(context.service.readable)
        return f"line {line.number}: {line.image_url} is not under {readable}"

    bucket, _, key = line.image_url.removeprefix("s3://").partition("/")
    if max(len(key.encode()), len(line.version_id.encode())) > _MAX_BYTES:
        return (
            f"line {line.number}: {line.image_url:.100} has a key or a version "
            f"of more than {_MAX_BYTES:,} bytes"
        )
    if line.version_id and line.uploaded_at:
        if not _UPLOADED_AT.fullmatch(line.uploaded_at):
            return (
                f"line {line.number}: uploaded_at is {line.uploaded_at!r}, "
                "not of the form 2026-11-23T06:20:11Z#"
            )
        return ImageVersion(line.image_url, line.version_id, line.uploaded_at, line.version_id)

    version: Any = {"VersionId": line.version_id} if line.version_id else {}

    try:
        found = context.aws.s3.head_object(Bucket=bucket, Key=key, **version)
    except ClientError as exc:
        if code_of(exc) not in _ABSENT:
            raise
        return (
            f"line {line.number}: {line.image_url} {line.version_id} is not in the bucket".replace(
                "  ", " "
            )
        )

    return stored(line.image_url, found.get("VersionId"), found["ETag"], found["LastModified"])
