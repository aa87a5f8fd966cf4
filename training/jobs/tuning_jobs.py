"""Tuning jobs on SageMaker: the request, and what is asked of the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from cli.aws import Aws, code_of
from training.jobs.plan import Plan
from training.jobs.training_request import training_job_request
from training.jobs.tuning_search import Search


class TuningJobs(Protocol):
    """What `tune` needs of SageMaker."""

    def create(self, request: Mapping[str, Any]) -> None:
        """Create a tuning job from the members of CreateHyperParameterTuningJob."""

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """What DescribeHyperParameterTuningJob answers; None if there is no such job."""

    def candidates(self, name: str) -> list[dict[str, Any]]:
        """The training jobs of a tuning job: name, status, hyperparameters and objective, the best first."""


@dataclass(frozen=True)
class SageMakerTuningJobs:
    """Those of one account and region."""

    aws: Aws

    def create(self, request: Mapping[str, Any]) -> None:
        """As in `TuningJobs`."""
        self.aws.sagemaker.create_hyper_parameter_tuning_job(**request)

    def describe(self, name: str) -> Mapping[str, Any] | None:
        """As in `TuningJobs`."""
        try:
            return self.aws.sagemaker.describe_hyper_parameter_tuning_job(
                HyperParameterTuningJobName=name
            )
        except ClientError as exc:
            if code_of(exc) == "ResourceNotFound":
                return None
            raise

    def candidates(self, name: str) -> list[dict[str, Any]]:
        """As in `TuningJobs`."""
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
    plan: Plan, search: Search, name: str, image: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    """The members of CreateHyperParameterTuningJob.

    Its training jobs are as `train` would make them, but for checkpoints: all would write theirs in one place.
    """
    definition = training_job_request(plan, name, image, "", tags)
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
