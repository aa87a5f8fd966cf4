"""A list of image versions as a CSV file, which the backlog workflow reads."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from operations.service.bucket import downloaded
from operations.service.context import Context
from operations.service.image import ImageVersion

COLUMNS = ("image_url", "version_id", "uploaded_at", "version")  # the workflow reads three of them


@dataclass
class ImageList:
    """A list in a temporary file, since it may be too long for memory, and its length."""

    file: IO[str]
    count: int = 0

    def add(self, image: ImageVersion) -> None:
        """Append an image version."""
        csv.writer(self.file, lineterminator="\n").writerow(
            [getattr(image, column) for column in COLUMNS]
        )
        self.count += 1

    def images(self) -> Iterator[ImageVersion]:
        """Yield the added images; do not add images meanwhile."""
        self.file.seek(0)
        yield from read_list(self.file)

    def upload(self, context: Context, key: str) -> None:
        """Store the list in the image bucket."""
        self.file.flush()
        context.aws.s3.upload_file(self.file.name, context.service.image_bucket, key)


@contextmanager
def new_list() -> Iterator[ImageList]:
    """Provide an empty list, which is deleted at the end."""
    with tempfile.NamedTemporaryFile("w+", suffix=".csv", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        yield ImageList(file)


def stored_list(context: Context, key: str) -> Iterator[ImageVersion]:
    """Yield the image versions of a list in the image bucket."""
    with (
        downloaded(context, context.service.image_bucket, key) as file,
        io.TextIOWrapper(file, encoding="utf-8", newline="") as text,
    ):
        yield from read_list(text)


def read_list(lines: Iterable[str]) -> Iterator[ImageVersion]:
    """Yield the image versions of a list that `ImageList` has written."""
    for row in csv.DictReader(lines):
        yield ImageVersion(**{column: row[column] for column in COLUMNS})
