"""Check that the dataset of a run still exists on AWS."""

from botocore.exceptions import ClientError

from cli.aws import Aws, code_of
from training.project.errors import TrainingError
from training.project.run_file import RunFile


class RunResourcesMissingError(TrainingError):
    """Use the account that has the run, or start again with `scones stage` and the later steps."""


def require_presence(aws: Aws, run: RunFile) -> None:
    """Check that S3 has the dataset that run.json records; pass if the run has not staged one.

    The check needs s3:ListBucket. Without it S3 answers 403, and the step finds the fault later.

    Raises:
        RunResourcesMissingError: The bucket or the dataset was deleted, or belongs to another
            local cloud.
    """
    staged = run.find("stage")
    if not staged or not {"bucket", "prefix"} <= staged.keys():
        return

    bucket = staged["bucket"]
    prefix = staged["prefix"]
    try:
        aws.s3.head_object(Bucket=bucket, Key=f"{prefix}/dataset.json")
    except ClientError as exc:
        if code_of(exc) not in ("404", "NoSuchKey", "NoSuchBucket"):
            return
        place = "this local cloud" if aws.is_local else f"this account in {aws.region}"
        raise RunResourcesMissingError(
            f"The dataset s3://{bucket}/{prefix}/ does not exist in {place}, "
            f"but {run.path} records it. {RunResourcesMissingError.__doc__}"
        ) from exc
