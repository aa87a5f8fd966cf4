"""Check the bucket of the datasets."""

from botocore.exceptions import ClientError

from cli.aws import Aws, code_of
from training.project.errors import TrainingError


class BucketNotUsableError(TrainingError):
    """Use an existing bucket of this account in the region of the training."""


def require_bucket(aws: Aws, bucket: str) -> None:
    """Check that a bucket exists, is readable, and is in the region of the training.

    Raises:
        BucketNotUsableError: The bucket does not meet one of these conditions.
    """
    try:
        answer = aws.s3.head_bucket(Bucket=bucket)
    except ClientError as exc:
        reasons = {
            "404": (
                f"The bucket {bucket} does not exist. "
                "Create it, or leave out --bucket: `scones stage` creates one."
            ),
            "403": (
                f"The bucket {bucket} belongs to another account, or you lack s3:ListBucket on it."
            ),
            "301": (
                f"The bucket {bucket} is not in the region {aws.region}. "
                "Use --region or another bucket."
            ),
        }
        if code_of(exc) not in reasons:
            raise
        raise BucketNotUsableError(reasons[code_of(exc)]) from exc

    region = answer.get("BucketRegion", aws.region)
    if region != aws.region:
        raise BucketNotUsableError(
            f"The bucket {bucket} is in {region}, but the training would run in {aws.region}. "
            f"Use --region {region} or another bucket."
        )
