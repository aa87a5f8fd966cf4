"""Objects in S3, as SageMaker reads and writes them."""

from pathlib import Path
from typing import Protocol


class ObjectUnavailableError(Exception):
    """The object cannot be read or written: check that its bucket exists and that the URL is s3://bucket/key."""


class ObjectStore(Protocol):
    """S3. Its methods are called in threads, and by several at once; a URL is s3://bucket/key, the key as it is."""

    def read(self, url: str) -> bytes:
        """Return an object.

        Raises:
            ObjectUnavailableError: there is no such object, or no way to it.
        """

    def link(self, url: str, path: Path) -> None:
        """Make an object a file, as fast as can be; it must only be read, since the object may change with it.

        Raises:
            ObjectUnavailableError: there is no such object, or no way to it.
            OSError: there cannot be such a file, or there is one.
        """

    def list(self, prefix: str) -> list[str]:
        """Return the URLs that begin with this one, in the order of their keys.

        Raises:
            ObjectUnavailableError: there is no such bucket, or no way to it.
        """

    def write(self, url: str, content: bytes, key: str | None = None) -> None:
        """Create an object, or replace it, encrypted with a KMS key if one is given.

        Raises:
            ObjectUnavailableError: there is no such bucket, or no way to it.
        """

    def key_of(self, url: str) -> str | None:
        """Return the KMS key that an object is encrypted with; None if there is no key or object.

        Raises:
            ObjectUnavailableError: there is no such bucket, or no way to it.
        """


def bucket_and_key(url: str) -> tuple[str, str]:
    """Take s3://bucket/key apart; the key may be empty.

    Raises:
        ObjectUnavailableError: it is no such URL.
    """
    bucket, _, key = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket:
        raise ObjectUnavailableError(f"{url} does not start with s3://bucket.")
    return bucket, key
