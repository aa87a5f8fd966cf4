"""Define how SageMaker reads and writes objects in S3."""

from pathlib import Path
from typing import Protocol


class ObjectUnavailableError(Exception):
    """The object cannot be read or written: check its bucket and its URL, s3://bucket/key."""


class ObjectStore(Protocol):
    """S3; several threads call its methods. A URL is s3://bucket/key, with the unescaped key."""

    def read(self, url: str) -> bytes:
        """Return an object.

        Raises:
            ObjectUnavailableError: the object is missing or cannot be read.
        """

    def link(self, url: str, path: Path) -> None:
        """Make an object a file as fast as possible.

        The file must only be read, since the object may change with it.

        Raises:
            ObjectUnavailableError: the object is missing or cannot be read.
            OSError: the file exists, or cannot be created.
        """

    def list(self, prefix: str) -> list[str]:
        """Return the URLs that begin with this one, in the order of their keys.

        Raises:
            ObjectUnavailableError: the bucket is missing or cannot be read.
        """

    def write(self, url: str, content: bytes, key: str | None = None) -> None:
        """Create an object, or replace it, encrypted with a KMS key if one is given.

        Raises:
            ObjectUnavailableError: the bucket is missing or cannot be written.
        """

    def key_of(self, url: str) -> str | None:
        """Return the KMS key of an object; None without a key or an object.

        Raises:
            ObjectUnavailableError: the bucket is missing or cannot be read.
        """


def bucket_and_key(url: str) -> tuple[str, str]:
    """Split s3://bucket/key; the key may be empty.

    Raises:
        ObjectUnavailableError: the URL is not of this form.
    """
    bucket, _, key = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket:
        raise ObjectUnavailableError(f"{url} does not start with s3://bucket.")
    return bucket, key
