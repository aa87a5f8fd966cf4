"""List the versions in the image bucket, and download files from S3."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from operations.service.context import Context
from operations.service.image import ImageVersion, stored


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version in the bucket, when it was stored, and whether it is the current one of its key."""

    image: ImageVersion
    stored_at: datetime
    current: bool


def versions(context: Context, prefix: str) -> Iterator[StoredVersion]:
    """Yield every version under a prefix, in the order of the keys, without delete markers."""
    bucket = context.service.image_bucket
    for page in context.aws.s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Prefix=prefix
    ):
        for found in page.get("Versions", []):
            url = context.service.image_url(found["Key"])
            image = stored(url, found["VersionId"], found["ETag"], found["LastModified"])
            yield StoredVersion(image, found["LastModified"], found["IsLatest"])


@contextmanager
def downloaded(context: Context, bucket: str, key: str) -> Iterator[IO[bytes]]:
    """Download an object to a temporary file: it may be too large for memory."""
    with tempfile.TemporaryFile() as file:
        context.aws.s3.download_fileobj(bucket, key, file)
        file.seek(0)
        yield file
