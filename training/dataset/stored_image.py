"""Images of a source that lie in S3."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.aws import code_of
from functions.serialize_image.image_preparation import refuse_too_many_bytes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def object_reader(s3: "S3Client", bucket: str, key: str) -> Callable[[], bytes]:
    """Something that reads one image; it raises what reading a file does, and ImageTooLargeError."""
    return partial(_read_object, s3, bucket, key)


def _read_object(s3: "S3Client", bucket: str, key: str) -> bytes:
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as exc:
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status == 404:
            raise FileNotFoundError(f"There is no s3://{bucket}/{key}.") from exc
        if status == 403:  # AccessDenied, and InvalidObjectState: archived
            raise PermissionError(f"s3://{bucket}/{key} may not be read ({code_of(exc)}).") from exc
        raise
    with answer["Body"] as body:
        refuse_too_many_bytes(answer["ContentLength"])
        return body.read()
