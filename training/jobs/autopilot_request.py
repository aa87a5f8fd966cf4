"""Build the request of an Autopilot job that classifies images."""

from dataclasses import dataclass
from typing import Any

from training.dataset.dataset import TRAIN, VALIDATION, Dataset


@dataclass(frozen=True)
class Limits:
    """Cost limits: the number of models, and the seconds of one training job and of all jobs."""

    candidates: int
    job_seconds: int
    seconds: int


def automl_job_request(
    dataset: Dataset, name: str, role: str, limits: Limits, tags: list[dict[str, str]]
) -> dict[str, Any]:
    """Return the CreateAutoMLJobV2 request with the staged splits, except the test split.

    Source: SageMaker developer guide, "Create an image classification job using AutoML".
    """
    return {
        "AutoMLJobName": name,
        "AutoMLJobInputDataConfig": [
            _channel("training", dataset.url(TRAIN)),
            _channel("validation", dataset.url(VALIDATION)),
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{dataset.bucket}/autopilot"},
        "AutoMLProblemTypeConfig": {
            "ImageClassificationJobConfig": {
                "CompletionCriteria": {
                    "MaxCandidates": limits.candidates,
                    "MaxRuntimePerTrainingJobInSeconds": limits.job_seconds,
                    "MaxAutoMLJobRuntimeInSeconds": limits.seconds,
                }
            }
        },
        "AutoMLJobObjective": {"MetricName": "Accuracy"},
        "RoleArn": role,
        "Tags": tags,
    }


def _channel(kind: str, url: str) -> dict[str, Any]:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": url}}
    return {
        "ChannelType": kind,
        "ContentType": "image/*",
        "CompressionType": "None",
        "DataSource": source,
    }
