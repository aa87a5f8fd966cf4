"""Upload a dataset: only missing objects, and the description last, to mark a complete dataset."""

import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from training.dataset.dataset import SPLITS
from training.dataset.layout import DESCRIPTION, StagedObject
from training.dataset.preparation import ending
from training.project.errors import TrainingError
from untrusted.console import Console, track
from untrusted.text import as_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_UPLOADS = 16  # in parallel; on AWS an upload takes about 30 ms, almost only waiting
# Bytes. S3 refuses a single request above 5 GB, and large files are faster in parts.
_MULTIPART = 64 * 1024**2
_DELETIONS = 1000  # keys; the limit of one DeleteObjects request
_SPLIT = f"({'|'.join(SPLITS)})"
# The keys that `stage` writes. Content digests name the images.
_STAGED_KEY = re.compile(
    rf"{_SPLIT}/[^/]+/[0-9a-f]{{16}}\.(png|jpg)|{_SPLIT}_(lst|rec)/{_SPLIT}\.(lst|rec)"
    r"|labels\.json|dataset\.json"
)
_CONTENT_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".lst": "text/plain",
}


class BucketGoneError(TrainingError):
    """Stage again: the bucket of the dataset was deleted."""


class PlaceTakenError(TrainingError):
    """Choose another --run, or move the other objects: they are not part of a dataset."""


class DeletionError(TrainingError):
    """Check the permissions on the bucket: S3 did not delete an obsolete object of the dataset."""


@dataclass(frozen=True)
class Place:
    """The bucket and prefix of a dataset."""

    s3: "S3Client"
    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        """Return the place as an S3 URL."""
        return f"s3://{self.bucket}/{self.prefix}"

    def key(self, relative: str) -> str:
        """Return the whole key of an object of the dataset."""
        return f"{self.prefix}/{relative}"

    def listed(self) -> dict[str, int]:
        """Return the size in bytes of every object of the place, by its key under the prefix.

        Raises:
            PlaceTakenError: An object there was not written by `stage`.
            BucketGoneError: The bucket does not exist.
        """
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{self.prefix}/"
        )
        try:
            found = [listed for page in pages for listed in page.get("Contents", [])]
        except self.s3.exceptions.NoSuchBucket as exc:
            raise BucketGoneError(
                f"The bucket {self.bucket} does not exist any more. If the training stack created "
                "it, delete that stack (`scones status` shows its name,"
                " `aws cloudformation delete-stack --stack-name NAME` deletes it) and stage again."
            ) from exc
        sizes = {listed["Key"].removeprefix(f"{self.prefix}/"): listed["Size"] for listed in found}
        unknown = sorted(key for key in sizes if not _STAGED_KEY.fullmatch(key))
        if unknown:
            raise PlaceTakenError(
                f"{self.url} has {len(unknown):,} objects that `stage` did not write, such as "
                f"{unknown[0]}. {PlaceTakenError.__doc__}"
            )
        return sizes

    def description(self) -> dict[str, Any]:
        """Return the dataset.json of the place, {} if it is missing or not a JSON object."""
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=self.key(DESCRIPTION))["Body"].read()
            return dict(json.loads(body))
        except (self.s3.exceptions.NoSuchKey, ValueError, TypeError):
            return {}


@dataclass(frozen=True)
class Difference:
    """Uploads and deletions that bring a place up to date, and the number of unchanged objects."""

    upload: Sequence[StagedObject]
    delete: Sequence[str]
    unchanged: int
    description: bool  # whether to write the description


def compare(
    wanted: Sequence[StagedObject], place: Place, description: Mapping[str, Any]
) -> Difference:
    """Compare a dataset with the objects of its place, by one listing and the two descriptions.

    An image is unchanged if its key exists with the same size, because the key is a content digest.
    The other files depend on the images, so they are unchanged if both descriptions have one
    digest.

    Raises:
        PlaceTakenError: An object there was not written by `stage`.
        BucketGoneError: The bucket does not exist.
    """
    listed, old = place.listed(), place.description()
    same = old.get("digest") == description["digest"]
    upload = [
        item for item in wanted if listed.get(item.key) != item.size or not (same or item.is_image)
    ]
    delete = sorted(listed.keys() - {item.key for item in wanted} - {DESCRIPTION})
    new_description = {**old, "created_at": None} != {**description, "created_at": None}
    return Difference(
        upload, delete, len(wanted) - len(upload), bool(upload or delete or new_description)
    )


def apply_difference(
    place: Place, difference: Difference, description: Mapping[str, Any], console: Console
) -> None:
    """Bring the place up to date. After an interruption it has no description, and a rerun resumes.

    Raises:
        DeletionError: S3 did not delete an object.
        ClientError: S3 refused an upload.
        BotoCoreError: S3 could not be reached.
    """
    if difference.upload or difference.delete:
        place.s3.delete_object(Bucket=place.bucket, Key=place.key(DESCRIPTION))
    place.s3.meta.events.register_last("before-call.s3", _send_at_once, unique_id="send-at-once")
    with ending(ThreadPoolExecutor(_UPLOADS)) as threads:
        uploads = threads.map(lambda item: _upload(place, item), difference.upload)
        total = len(difference.upload)
        for _ in track(console, "Uploading", uploads, total) if total else ():
            pass

    for keys in batched(difference.delete, _DELETIONS, strict=False):
        _delete(place, keys)

    if difference.description:
        body = {**description, "created_at": datetime.now(UTC).isoformat(timespec="seconds")}
        # A source may have a name that is not UTF-8, whose bytes are escaped.
        _put(place, DESCRIPTION, as_json(body).encode() + b"\n")


def _send_at_once(params: dict[str, Any], **_: object) -> None:
    """Send small images without asking S3 first: the answer takes most of the time.

    This is an event handler of botocore.
    """
    params["headers"].pop("Expect", None)


def _upload(place: Place, item: StagedObject) -> None:
    if item.size < _MULTIPART:
        _put(place, item.key, item.file.read_bytes())
    else:
        with item.file.open("rb") as file:
            place.s3.upload_fileobj(file, place.bucket, place.key(item.key))


def _put(place: Place, relative: str, body: bytes) -> None:
    kind = _CONTENT_TYPES.get(PurePosixPath(relative).suffix, "application/octet-stream")
    place.s3.put_object(Bucket=place.bucket, Key=place.key(relative), Body=body, ContentType=kind)


def _delete(place: Place, keys: Sequence[str]) -> None:
    objects = [{"Key": place.key(key)} for key in keys]
    answer = place.s3.delete_objects(
        Bucket=place.bucket,
        Delete={"Objects": objects, "Quiet": True},  # type: ignore[typeddict-item]
    )
    for error in answer.get("Errors", []):
        raise DeletionError(f"{error.get('Key')}: {error.get('Message')} {DeletionError.__doc__}")
