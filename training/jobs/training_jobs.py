"""Create training jobs through the SageMaker SDK, and describe them through boto3."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from cli.aws import Aws, AwsError, QuotaExceededError, code_of, reason_of
from cli.instances import BUILT_IN, NEEDS_NO_GPU, TRANSFER_LEARNING
from training.jobs.quotas import quota_name
from training.models.containers import algorithm_of
from training.models.model_card import inspect_archive

# The images, as sagemaker-core names them. AWS publishes them in the same 37 regions.
_IMAGES = {
    BUILT_IN: {"framework": "image-classification"},
    TRANSFER_LEARNING: {
        "framework": "sklearn",
        "version": "1.9-0",
        "py_version": "py3",
        "instance_type": "ml.m5.large",
    },
}


class JobNameTakenError(AwsError):
    """Run the same command again, which uses another name: the training job already exists."""


class UnknownRegionError(AwsError):
    """Choose another --region: AWS does not offer the algorithm here."""


class Jobs(Protocol):
    """The operations of SageMaker that `train` needs."""

    def image(self, algorithm: str = BUILT_IN) -> str:
        """Return the URI of an algorithm's container image.

        Raises:
            UnknownRegionError: The region does not offer the algorithm.
        """

    def create(self, request: Mapping[str, Any]) -> None:
        """Create a training job with a CreateTrainingJob request.

        Raises:
            QuotaExceededError: The account's quota of the instance type is too small.
            JobNameTakenError: A job of this name exists.
        """

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """Return the DescribeTrainingJob response, None if the job does not exist."""

    def model_digest(self, url: str) -> str:
        """Return the SHA-256 digest of a job's model.tar.gz in S3.

        Raises:
            ModelMissingError: The archive does not exist.
            BadModelArchiveError: The object is not a model archive.
        """


@dataclass(frozen=True)
class SageMakerJobs:
    """Training jobs of one account and region.

    The SDK is imported where it is used, because the import takes 3 seconds. It uses the session of
    `Aws`, and so the same endpoints and credentials. It may add a VpcConfig from the user's
    SageMaker defaults (https://sagemaker.readthedocs.io, "Configuring and using defaults").
    """

    aws: Aws

    def image(self, algorithm: str = BUILT_IN) -> str:
        """Implement `Jobs`."""
        # The SDK's docstrings have invalid escapes, which warn at the first import.
        with warnings.catch_warnings(action="ignore"):
            from sagemaker.core import image_uris  # type: ignore[import-untyped]
        try:
            return str(image_uris.retrieve(region=self.aws.region, **_IMAGES[algorithm]))
        except (KeyError, ValueError) as exc:
            raise UnknownRegionError(f"{self.aws.region}: {UnknownRegionError.__doc__}") from exc

    def create(self, request: Mapping[str, Any]) -> None:
        """Implement `Jobs`."""
        with warnings.catch_warnings(action="ignore"):
            from sagemaker.core.resources import TrainingJob  # type: ignore[import-untyped]
            from sagemaker.core.utils.code_injection import codec  # type: ignore[import-untyped]
        members = codec.transform(request, "CreateTrainingJobRequest")
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
        """Implement `Jobs`."""
        try:
            return self.aws.sagemaker.describe_training_job(TrainingJobName=name)
        except ClientError as exc:
            # The API model has ResourceNotFound; the service answers ValidationException with
            # "Requested resource not found."
            if "not found" in str(exc) or code_of(exc) == "ResourceNotFound":
                return None
            raise

    def model_digest(self, url: str) -> str:
        """Implement `Jobs`."""
        return inspect_archive(self.aws.s3, url).digest


def quota_exceeded(
    request: Mapping[str, Any], region: str, error: ClientError
) -> QuotaExceededError:
    """Return an error that names the quota, how to increase it, and the alternatives."""
    is_spot = "EnableManagedSpotTraining" in request
    instance_type = request["ResourceConfig"]["InstanceType"]
    quota = quota_name(instance_type, is_spot=is_spot)
    alternative = "without --spot" if is_spot else "with --spot"
    if algorithm_of(request["AlgorithmSpecification"]["TrainingImage"]) == TRANSFER_LEARNING:
        return QuotaExceededError(
            f'{reason_of(error)} Request 1 of the quota "{quota}" in Service Quotas > Amazon '
            f"SageMaker, in {region}. Until then try {alternative}, or another --instance-type "
            "(ml.m5.large, ml.m5.xlarge, ml.c5.xlarge)."
        )
    return QuotaExceededError(
        f"{reason_of(error)} New accounts have a quota of 0 for most GPU machines. Request 1 of "
        "the "
        f'quota "{quota}" in Service Quotas > Amazon SageMaker, in {region}. Until then try '
        f"{alternative}, which has its own quota, or another --instance-type (ml.g4dn.xlarge, "
        f"ml.g4dn.2xlarge, ml.g5.xlarge). {NEEDS_NO_GPU}"
    )
