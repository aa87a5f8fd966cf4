"""One version of one image, and how the workflow is asked for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

NOT_VERSIONED = "null"  # what S3 calls the version of an object that was stored while the bucket was not versioned


@dataclass(frozen=True, slots=True)
class ImageVersion:
    """An image version as S3 knows it. `version_id` is empty where the bucket was not versioned."""

    image_url: str
    version_id: str
    uploaded_at: str
    version: str  # the sort key of its record: the version id, or the ETag where there is none

    @property
    def key(self) -> tuple[str, str]:
        """The key of its record."""
        return self.image_url, self.version

    def request(self, confidence_threshold: float | None = None) -> dict[str, Any]:
        """The input of the workflow; with a version id it need not ask S3 which version is meant."""
        asked: dict[str, Any] = {"image_url": self.image_url}
        if self.version_id:
            asked |= {"version_id": self.version_id, "uploaded_at": self.uploaded_at}
        if confidence_threshold is not None:
            asked["confidence_threshold"] = confidence_threshold
        return asked


def stored(
    image_url: str, version_id: str | None, etag: str, last_modified: datetime
) -> ImageVersion:
    """An image version from what S3 answers: a version id or none, a quoted ETag, and a time."""
    known = "" if version_id in (None, NOT_VERSIONED) else str(version_id)
    return ImageVersion(
        image_url, known, f"{last_modified:%Y-%m-%dT%H:%M:%SZ}#", known or etag.strip('"')
    )
