"""Images that lie in S3, and a bucket that a dataset can go to."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.serialize_image.image_preparation import refuse_too_many_bytes
from training.aws import Aws, code_of
from training.errors import TrainingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class BucketNotUsableError(TrainingError):
    """The bucket does not exist, is somebody else's, or lies in another region than the training."""


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


def require_bucket(aws: Aws, bucket: str) -> None:
    """Make sure that a bucket is there, can be read, and lies where the training runs.

    Raises:
        BucketNotUsableError: it is not.
    """
    try:
        answer = aws.s3.head_bucket(Bucket=bucket)
    except ClientError as exc:
        reasons = {
            "404": f"There is no bucket {bucket}. Make it first, or leave --bucket out to have one made.",
            "403": f"The bucket {bucket} is somebody else's, or your policies do not allow s3:ListBucket on it.",
            "301": f"The bucket {bucket} lies in another region than {aws.region}; training reads only its own region.",
        }
        if code_of(exc) not in reasons:
            raise
        raise BucketNotUsableError(reasons[code_of(exc)]) from exc
    region = answer.get("BucketRegion", aws.region)
    if region != aws.region:
        raise BucketNotUsableError(
            f"The bucket {bucket} lies in {region}, but the training would run in {aws.region}, which reads only its "
            f"own region: give --region {region}, or another bucket."
        )
