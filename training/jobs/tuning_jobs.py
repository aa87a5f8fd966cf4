"""Create and describe tuning jobs of SageMaker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from cli.aws import Aws, code_of
from training.jobs.plan import Plan
from training.jobs.training_jobs import quota_exceeded
from training.jobs.training_request import Source, training_job_request
from training.jobs.tuning_search import Search


class TuningJobs(Protocol):
    """The operations of SageMaker that `tune` needs."""

    def create(self, request: Mapping[str, Any]) -> None:
        """Create a tuning job with a CreateHyperParameterTuningJob request.

        Raises:
            QuotaExceededError: The account's quota of the instance type is too small.
        """

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """Return the DescribeHyperParameterTuningJob response, None if the job does not exist."""

    def candidates(self, name: str) -> list[dict[str, Any]]:
        """Return the job's training jobs, best first: name, status, hyperparameters, objective."""


@dataclass(frozen=True)
class SageMakerTuningJobs:
    """Tuning jobs of one account and region."""

    aws: Aws

    def create(self, request: Mapping[str, Any]) -> None:
        """Implement `TuningJobs`."""
        try:
            self.aws.sagemaker.create_hyper_parameter_tuning_job(**request)
        except ClientError as exc:
            if code_of(exc) == "ResourceLimitExceeded":
                definition = request["TrainingJobDefinition"]
                raise quota_exceeded(definition, self.aws.region, exc) from exc
            raise

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """Implement `TuningJobs`."""
        try:
            return self.aws.sagemaker.describe_hyper_parameter_tuning_job(
                HyperParameterTuningJobName=name
            )
        except ClientError as exc:
            if code_of(exc) == "ResourceNotFound":
                return None
            raise

    def candidates(self, name: str) -> list[dict[str, Any]]:
        """Implement `TuningJobs`."""
        paginator = self.aws.sagemaker.get_paginator(
            "list_training_jobs_for_hyper_parameter_tuning_job"
        )
        pages = paginator.paginate(HyperParameterTuningJobName=name)
        found = [_candidate(job) for page in pages for job in page["TrainingJobSummaries"]]
        return sorted(
            found,
            key=lambda one: -1.0 if one["objective"] is None else one["objective"],
            reverse=True,
        )


def tuning_job_request(
    plan: Plan,
    search: Search,
    name: str,
    image: str,
    tags: list[dict[str, str]],
    source: Source | None = None,
) -> dict[str, Any]:
    """Return the CreateHyperParameterTuningJob request.

    Its training jobs are like those of `train`, but without checkpoints, which would share a
    prefix.
    """
    definition = training_job_request(plan, name, image, "", tags, source)
    for member in ("TrainingJobName", "Tags", "CheckpointConfig"):
        del definition[member]
    chosen = definition.pop("HyperParameters")
    fixed = {key: value for key, value in chosen.items() if key not in search.ranges}
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": search.config,
        "TrainingJobDefinition": {**definition, "StaticHyperParameters": fixed},
        "Tags": tags,
    }


def _candidate(job: Any) -> dict[str, Any]:
    return {
        "training_job": job["TrainingJobName"],
        "status": job["TrainingJobStatus"],
        "hyperparameters": dict(job["TunedHyperParameters"]),
        "objective": job.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value"),
    }
