"""One version of one image, and its request to the workflow."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

NOT_VERSIONED = "null"  # the version id in S3 of an object stored before versioning


@dataclass(frozen=True, slots=True)
class ImageVersion:
    """An image version as S3 knows it. `version_id` is empty where the bucket was not versioned."""

    image_url: str
    version_id: str
    uploaded_at: str
    version: str  # the sort key of its record: the version id, or else the ETag

    @property
    def key(self) -> tuple[str, str]:
        """The key of its record."""
        return self.image_url, self.version

    def request(self, confidence_threshold: float | None = None) -> dict[str, Any]:
        """Return the input of the workflow; with a version id, the workflow does not ask S3."""
        asked: dict[str, Any] = {"image_url": self.image_url}
        if self.version_id:
            asked |= {"version_id": self.version_id, "uploaded_at": self.uploaded_at}
        if confidence_threshold is not None:
            asked["confidence_threshold"] = confidence_threshold
        return asked


def stored(
    image_url: str, version_id: str | None, etag: str, last_modified: datetime
) -> ImageVersion:
    """Return the image version for an answer of S3: version id, quoted ETag and time."""
    known = "" if version_id in (None, NOT_VERSIONED) else str(version_id)
    return ImageVersion(
        image_url, known, f"{last_modified:%Y-%m-%dT%H:%M:%SZ}#", known or etag.strip('"')
    )
