"""Training jobs on SageMaker: created through its SDK, described through boto3."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from cli.aws import Aws, AwsError, QuotaExceededError, code_of, reason_of
from training.models.model_card import inspect_archive

ALGORITHM = "image-classification"


class JobNameTakenError(AwsError):
    """A training job of that name is there already: run the same command again, it makes another name."""


class UnknownRegionError(AwsError):
    """AWS does not offer the image-classification algorithm in this region: choose another with --region."""


class Jobs(Protocol):
    """What `train` needs of SageMaker."""

    def image(self) -> str:
        """The URI of the algorithm's container image.

        Raises:
            UnknownRegionError: the region has none.
        """

    def create(self, request: Mapping[str, Any]) -> None:
        """Create a training job from the members of CreateTrainingJob.

        Raises:
            QuotaExceededError: the account may not run that many machines of the type.
            JobNameTakenError: there is a job of that name.
        """

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """What DescribeTrainingJob answers; None if there is no such job."""

    def model_digest(self, url: str) -> str:
        """The SHA-256 of the model.tar.gz that a job left in S3.

        Raises:
            ModelMissingError, BadModelArchiveError: there is none, or it is something else.
        """


@dataclass(frozen=True)
class SageMakerJobs:
    """Those of one account and region.

    The SDK is imported where it is used: it takes 3 seconds, which neither --help nor a failed check should cost. It
    works through the session of `Aws` and so through the same endpoints and credentials. It may add a VpcConfig of the
    user's own SageMaker defaults (https://sagemaker.readthedocs.io, "Configuring and using defaults").
    """

    aws: Aws

    def image(self) -> str:
        """As in `Jobs`."""
        with warnings.catch_warnings(
            action="ignore"
        ):  # invalid escapes in the SDK's docstrings, at its first import
            from sagemaker.core import image_uris  # type: ignore[import-untyped]
        try:
            return str(image_uris.retrieve(ALGORITHM, self.aws.region))
        except (KeyError, ValueError) as exc:
            raise UnknownRegionError(f"{self.aws.region}: {UnknownRegionError.__doc__}") from exc

    def create(self, request: Mapping[str, Any]) -> None:
        """As in `Jobs`."""
        with warnings.catch_warnings(action="ignore"):
            from sagemaker.core.resources import TrainingJob  # type: ignore[import-untyped]
            from sagemaker.core.utils.code_injection.codec import transform  # type: ignore[import-untyped]
        members = transform(request, "CreateTrainingJobRequest")
        try:
            TrainingJob.create(**members, session=self.aws.session, region=self.aws.region)
        except ClientError as exc:
            if code_of(exc) == "ResourceInUse":
                raise JobNameTakenError(
                    f"{request['TrainingJobName']}: {JobNameTakenError.__doc__}"
                ) from exc
            if code_of(exc) == "ResourceLimitExceeded":
                raise quota_exceeded(request, self.aws.region, exc) from exc
            raise

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """As in `Jobs`."""
        try:
            return self.aws.sagemaker.describe_training_job(TrainingJobName=name)
        except ClientError as exc:
            # The API's model says ResourceNotFound, the service "ValidationException: Requested resource not found."
            if "not found" in str(exc) or code_of(exc) == "ResourceNotFound":
                return None
            raise

    def model_digest(self, url: str) -> str:
        """As in `Jobs`."""
        return inspect_archive(self.aws.s3, url).digest


def quota_exceeded(
    request: Mapping[str, Any], region: str, error: ClientError
) -> QuotaExceededError:
    """Say which quota it is, how to ask for more, and what can be done without."""
    spot = "EnableManagedSpotTraining" in request
    quota = f"{request['ResourceConfig']['InstanceType']} for {'spot ' if spot else ''}training job usage"
    other = "without --spot" if spot else "with --spot"
    return QuotaExceededError(
        f"{reason_of(error)} New accounts have 0 of most GPU machines. Ask for 1 of the quota "
        f'"{quota}": Service Quotas > Amazon SageMaker, in {region}. Until then try {other}, which has a quota of its '
        "own, or another --instance-type (ml.g4dn.xlarge, ml.g4dn.2xlarge, ml.g5.xlarge)."
    )
