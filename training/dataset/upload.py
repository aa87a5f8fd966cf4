"""Bring a dataset to S3: only what is not there yet, and its description last, so that it is whole or not there."""

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

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_UPLOADS = 16  # at once: on AWS one takes some 30 ms, nearly all of it waiting
_MULTIPART = (
    64 * 1024**2
)  # bytes; a single request is refused above 5 GB, and a large one is better sent in parts
_DELETIONS = 1000  # as many as one request may name
_SPLIT = f"({'|'.join(SPLITS)})"
# What an earlier staging can have left; the file names are contents' digests.
_OURS = re.compile(
    rf"{_SPLIT}/[^/]+/[0-9a-f]{{16}}\.(png|jpg)|{_SPLIT}_(lst|rec)/{_SPLIT}\.(lst|rec)|labels\.json|dataset\.json"
)
_CONTENT_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".lst": "text/plain",
}


class BucketGoneError(TrainingError):
    """The bucket of the dataset was deleted."""


class PlaceTakenError(TrainingError):
    """Something that is no dataset of this tool lies where the dataset is to go: choose another --run, or move it."""


class DeletionError(TrainingError):
    """S3 did not delete what no longer belongs to the dataset."""


@dataclass(frozen=True)
class Place:
    """Where a dataset is to go."""

    s3: "S3Client"
    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        """The same as a URL."""
        return f"s3://{self.bucket}/{self.prefix}"

    def key(self, relative: str) -> str:
        """The whole key of an object of the dataset."""
        return f"{self.prefix}/{relative}"

    def listed(self) -> dict[str, int]:
        """The size in bytes of all that lies there, by its key under the prefix.

        Raises:
            PlaceTakenError: something lies there that no staging made.
            BucketGoneError: the bucket is no more.
        """
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{self.prefix}/"
        )
        try:
            found = [listed for page in pages for listed in page.get("Contents", [])]
        except self.s3.exceptions.NoSuchBucket as exc:
            raise BucketGoneError(
                f"There is no bucket {self.bucket} any more. If the training stack made it, delete that stack "
                "(`aws cloudformation delete-stack --stack-name ...`, `status` says which) and stage again."
            ) from exc
        sizes = {listed["Key"].removeprefix(f"{self.prefix}/"): listed["Size"] for listed in found}
        foreign = sorted(key for key in sizes if not _OURS.fullmatch(key))
        if foreign:
            raise PlaceTakenError(
                f"{PlaceTakenError.__doc__} It is {self.url}/{foreign[0]} (of {len(foreign)})."
            )
        return sizes

    def description(self) -> dict[str, Any]:
        """The dataset.json that lies there; nothing where it is no JSON object."""
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=self.key(DESCRIPTION))["Body"].read()
            return dict(json.loads(body))
        except (self.s3.exceptions.NoSuchKey, ValueError, TypeError):
            return {}


@dataclass(frozen=True)
class Difference:
    """What has to be done for a dataset to be as it should, and what lies there and can stay."""

    upload: Sequence[StagedObject]
    delete: Sequence[str]
    unchanged: int
    description: bool  # it has to be written


def compare(
    wanted: Sequence[StagedObject], place: Place, description: Mapping[str, Any]
) -> Difference:
    """Compare a dataset with what lies in its place, by one listing and the two descriptions.

    An image is unchanged if its key is there, which says its content, with its size. The other files follow from the
    contents, so they are unchanged if the description there has the digest of ours.

    Raises:
        PlaceTakenError: something lies there that no staging made.
    """
    listed, old = place.listed(), place.description()
    same = old.get("digest") == description["digest"]
    upload = [
        item for item in wanted if listed.get(item.key) != item.size or not (same or item.is_image)
    ]
    delete = sorted(listed.keys() - {item.key for item in wanted} - {DESCRIPTION})
    told_anew = {**old, "created_at": None} != {**description, "created_at": None}
    return Difference(
        upload, delete, len(wanted) - len(upload), bool(upload or delete or told_anew)
    )


def bring(
    place: Place, difference: Difference, description: Mapping[str, Any], console: Console
) -> None:
    """Make the dataset what it should be. Interrupted, it has no description, and the next call goes on.

    Raises:
        DeletionError: something could not be deleted. ClientError, BotoCoreError: something could not be uploaded.
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
        _put(place, DESCRIPTION, json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n")


def _send_at_once(params: dict[str, Any], **_: object) -> None:
    """Do not ask S3 whether it will take an image before sending it: with small ones the answer takes most of the time.

    An event handler of botocore.
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
