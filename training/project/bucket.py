"""A bucket that datasets lie in and training reads."""

from botocore.exceptions import ClientError

from cli.aws import Aws, code_of
from training.project.errors import TrainingError


class BucketNotUsableError(TrainingError):
    """The bucket does not exist, is somebody else's, or lies in another region than the training."""


def require_bucket(aws: Aws, bucket: str) -> None:
    """Make sure that a bucket is there, can be read, and lies where the training runs.

    Raises:
        BucketNotUsableError: it is not.
    """
    try:
        answer = aws.s3.head_bucket(Bucket=bucket)
    except ClientError as exc:
        reasons = {
            "404": f"There is no bucket {bucket}: make it first, or have `stage` make one by leaving --bucket out.",
            "403": f"The bucket {bucket} is somebody else's, or your policies do not allow s3:ListBucket on it.",
            "301": f"The bucket {bucket} lies in another region than {aws.region}; training reads only its own region.",
        }
        if code_of(exc) not in reasons:
            raise
        raise BucketNotUsableError(reasons[code_of(exc)]) from exc
    region = answer.get("BucketRegion", aws.region)
    if region != aws.region:
        raise BucketNotUsableError(
            f"The bucket {bucket} lies in {region}, but the training would run in {aws.region}, "
            f"which reads only its own region: give --region {region}, or another bucket."
        )
