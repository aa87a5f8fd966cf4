"""Parse requests for a stored image, and name the errors of S3."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from observability.aws_error import read_aws_error

# The key is raw, not URL-encoded: `#`, `?`, `%20`, quotes and newlines stand for themselves.
# Only surrogates, which JSON can hold, cannot be part of a key.
IMAGE_URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[^\ud800-\udfff]+)"
)
MAX_KEY_BYTES = 1024  # UTF-8, the limit of S3
MAX_VERSION_BYTES = 1024  # the same for version ids
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

# Codes with a status below 500 for which the same request may succeed later.
TRANSIENT_CODES = frozenset(
    {"RequestTimeout", "RequestTimeTooSkewed", "Throttling", "ThrottlingException", "SlowDown"}
)


class InvalidImageUrlError(Exception):
    """The image_url does not name an image as s3://bucket/key."""


class ImageNotFoundError(Exception):
    """The image, or this version of it, is not in the bucket."""


class ImageAccessDeniedError(Exception):
    """S3 does not let the function read the image."""


class ImageArchivedError(Exception):
    """The image is archived (S3 Glacier). Restore it, then redrive."""


class ImageEncryptedError(Exception):
    """The image is encrypted with a key of its owner (SSE-C). Upload it without that key."""


class ImageStoreUnavailableError(Exception):
    """S3 did not answer in time or in full; the same request may succeed later."""


@dataclass(frozen=True)
class StoredImage:
    """An image in a bucket: the version with this id, the content with this ETag, or the latest."""

    bucket: str
    key: str
    version_id: str | None = None
    etag: str | None = None

    @property
    def url(self) -> str:
        """The image_url that names this image."""
        return f"s3://{self.bucket}/{self.key}"

    def __str__(self) -> str:
        """Name the image in a sentence."""
        return f"{self.url} (version {self.version_id})" if self.version_id else self.url

    def get_object_request(self) -> dict[str, Any]:
        """Build the arguments of S3's GetObject."""
        version = {"VersionId": self.version_id} if self.version_id else {}
        content = {"IfMatch": self.etag} if self.etag else {}
        return {"Bucket": self.bucket, "Key": self.key, **version, **content}


def parse_request(event: Any) -> StoredImage:
    """Return the image in `{"image_url": "s3://bucket/key", "version_id": null, "etag": null}`.

    Raises:
        InvalidImageUrlError: a field is invalid; version_id and etag may be missing.
    """
    image_url = event.get("image_url") if isinstance(event, Mapping) else None
    match = IMAGE_URL.fullmatch(image_url) if isinstance(image_url, str) else None
    if match is None:
        raise InvalidImageUrlError(
            "The image_url must have the form s3://bucket/key; "
            f"this came instead: {image_url!r:.200}"
        )
    if len(match["key"].encode()) > MAX_KEY_BYTES:
        raise InvalidImageUrlError(
            f"The key in the image_url is longer than the {MAX_KEY_BYTES} bytes that S3 allows."
        )

    for name in ("version_id", "etag"):
        value = event.get(name)
        if value is not None and not _is_version(value):
            raise InvalidImageUrlError(
                f"The {name} must be a text of at most {MAX_VERSION_BYTES} bytes or null;"
                f" this came instead: {value!r:.200}"
            )

    return StoredImage(match["bucket"], match["key"], event.get("version_id"), event.get("etag"))


def _is_version(value: Any) -> bool:
    well_formed = isinstance(value, str) and value and not _HALF_CHARACTER.search(value)
    return bool(well_formed) and len(value.encode()) <= MAX_VERSION_BYTES


def read_error(image: StoredImage, response: Mapping[str, Any]) -> Exception:
    """Return the named error for an error response of S3, as botocore parses it."""
    error = read_aws_error(response)
    code, status, reason = error.code, error.status, error.reason
    if code == "NoSuchBucket":
        return InvalidImageUrlError(
            f"There is no bucket {image.bucket}, so there is no image {image}."
        )

    # 405: this version is a delete marker. 412: the key has other content now.
    # InvalidArgument of a version: S3 never issued a version id of this form.
    if status in (404, 405, 412) or (code == "InvalidArgument" and image.version_id):
        return ImageNotFoundError(
            f"There is no image {image}. Was it deleted or replaced? Keys are not URL-decoded."
        )
    if status == 429 or status >= 500 or code in TRANSIENT_CODES:
        return ImageStoreUnavailableError(f"S3 cannot send {image} now ({code}: {reason}).")
    if code == "InvalidArgument":
        return InvalidImageUrlError(f"S3 does not accept the name of {image} ({reason}).")

    if code == "InvalidObjectState":
        return ImageArchivedError(
            f"S3 has archived {image}. Restore it with `aws s3api restore-object`, then redrive."
        )
    # S3 does not get the key that it needs ("The correct parameters must be provided").
    if code == "InvalidRequest":
        return ImageEncryptedError(
            f"{image} is encrypted with a key of its owner (SSE-C). Upload it without that key."
        )

    return ImageAccessDeniedError(
        f"serialize_image may not read {image} ({code}: {reason}). "
        "Its role needs the permission; a bucket whose requester pays refuses it, too."
    )
