"""Read the images of a source in S3."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.aws import code_of
from functions.serialize_image.image_preparation import refuse_too_many_bytes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


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
        if status == 403:  # AccessDenied, or InvalidObjectState of an archived object
            raise PermissionError(f"s3://{bucket}/{key} is not readable ({code_of(exc)}).") from exc
        raise
    with answer["Body"] as body:
        refuse_too_many_bytes(answer["ContentLength"])
        return body.read()
