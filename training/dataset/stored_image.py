"""Read the images of a source in S3."""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.aws import code_of
from functions.serialize_image.image_preparation import refuse_too_many_bytes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# In a bucket without versions the version is an ETag. No version id of S3 has its form.
_ETAG = re.compile(r"[0-9a-f]{32}(-[0-9]+)?")
# A deleted object, a deleted or unknown version, a delete marker, another content under the key.
_GONE = {"NoSuchKey", "NoSuchVersion", "InvalidArgument", "MethodNotAllowed", "PreconditionFailed"}


def object_reader(s3: "S3Client", bucket: str, key: str) -> Callable[[], bytes]:
    """Return a function that reads one image, with the same errors as for a file."""
    return partial(_read_object, s3, bucket, key)


def _read_object(s3: "S3Client", bucket: str, key: str) -> bytes:
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as exc:
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status == 404:
            raise FileNotFoundError(f"s3://{bucket}/{key} does not exist.") from exc
        if code_of(exc) == "InvalidObjectState":
            raise PermissionError(
                f"s3://{bucket}/{key} is archived. Restore it, then stage again."
            ) from exc
        if code_of(exc) == "InvalidRequest":
            raise PermissionError(
                f"s3://{bucket}/{key} is encrypted with a key of its owner (SSE-C)."
            ) from exc
        if status == 403:
            raise PermissionError(
                f"s3://{bucket}/{key} is not readable ({code_of(exc)}). "
                "A bucket whose requester pays refuses it, too."
            ) from exc
        raise
    with answer["Body"] as body:
        refuse_too_many_bytes(answer["ContentLength"])
        return body.read()


class ImageVersionGoneError(OSError):
    """The image version is no longer in the bucket."""


def version_reader(s3: "S3Client", url: str, version: str) -> Callable[[], bytes]:
    """Return a function that reads one version of an image.

    Args:
        url: S3 URL of the image.
        version: Its version id, or its ETag in a bucket without versions.
    """
    return partial(_read_version, s3, url, version)


def is_newest(s3: "S3Client", url: str, version: str) -> bool:
    """Return whether an S3 URL leads to this version of an image, and not to another one.

    Args:
        url: S3 URL of the image.
        version: Its version id, or its ETag in a bucket without versions.
    """
    bucket, _, key = url.removeprefix("s3://").partition("/")
    try:
        answer = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as exc:
        if code_of(exc) in ("404", *_GONE):
            return False
        raise  # without the permission, all reviews would be left out one by one
    newest = answer["ETag"].strip('"') if _ETAG.fullmatch(version) else answer.get("VersionId")
    return newest == version


def _read_version(s3: "S3Client", url: str, version: str) -> bytes:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    try:
        if _ETAG.fullmatch(version):
            answer = s3.get_object(Bucket=bucket, Key=key, IfMatch=version)
        else:
            answer = s3.get_object(Bucket=bucket, Key=key, VersionId=version)
    except ClientError as exc:
        if code_of(exc) in _GONE:
            raise ImageVersionGoneError(f"{url} has no version {version} any more.") from exc
        raise  # without the permission, all reviews would be left out one by one
    with answer["Body"] as body:
        refuse_too_many_bytes(answer["ContentLength"])
        return body.read()
