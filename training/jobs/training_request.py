"""Build the request that creates a training job."""

from dataclasses import dataclass
from typing import Any

from training.dataset.dataset import TRAIN, VALIDATION
from training.jobs.plan import Plan

IMAGES = "application/x-image"
RECORDIO = "application/x-recordio"
MODEL = "application/x-sagemaker-model"
SOURCE = "application/gzip"


# The metrics in the log of our algorithm; AWS defines those of its own algorithms.
METRICS = [
    {"Name": f"{split.lower()}:accuracy", "Regex": rf"Epoch\[\d+\] {split}-accuracy=([0-9.]+)"}
    for split in ("Train", "Validation")
]


@dataclass(frozen=True)
class Source:
    """The source archive of a script: its S3 prefix, its file name and its sha256."""

    url: str
    archive: str
    digest: str


def training_job_request(
    plan: Plan,
    name: str,
    image: str,
    checkpoints: str,
    tags: list[dict[str, str]],
    source: Source | None = None,
) -> dict[str, Any]:
    """Return the CreateTrainingJob request for one machine.

    Args:
        plan: The plan of the job.
        name: Name of the job.
        image: URI of the algorithm's container image.
        checkpoints: S3 URL of the job's checkpoints, which it resumes from.
        tags: Tags of the job.
        source: The script that the image runs; None for a built-in algorithm.
    """
    request: dict[str, Any] = {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "RoleArn": plan.role,
        "HyperParameters": dict(plan.hyperparameters),
        "InputDataConfig": _channels(plan),
        "OutputDataConfig": {"S3OutputPath": f"s3://{plan.dataset.bucket}/models"},
        "ResourceConfig": {
            "InstanceType": plan.instance_type,
            "InstanceCount": 1,
            "VolumeSizeInGB": plan.volume_gb,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": plan.max_runtime},
        "CheckpointConfig": {"S3Uri": checkpoints},
        "Tags": tags,
    }
    if plan.kms_key:
        request["OutputDataConfig"]["KmsKeyId"] = plan.kms_key
    if plan.volume_kms_key:
        request["ResourceConfig"]["VolumeKmsKeyId"] = plan.volume_kms_key
    if plan.max_wait is not None:
        request["EnableManagedSpotTraining"] = True
        request["StoppingCondition"]["MaxWaitTimeInSeconds"] = plan.max_wait
    return _with_script(request, source) if source else request


def _with_script(request: dict[str, Any], source: Source) -> dict[str, Any]:
    """Return a request that runs a script without a network.

    The container could not download the archive itself, so that it is a channel: as
    `enable_network_isolation` of the SageMaker SDK does.
    """
    hyperparameters = {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": f"/opt/ml/input/data/code/{source.archive}",
        "sagemaker_source_digest": source.digest,
    }
    return {
        **request,
        "AlgorithmSpecification": {
            **request["AlgorithmSpecification"],
            "MetricDefinitions": METRICS,
        },
        "HyperParameters": {**request["HyperParameters"], **hyperparameters},
        "InputDataConfig": [*request["InputDataConfig"], _channel("code", source.url, SOURCE)],
        "EnableNetworkIsolation": True,
    }


def _channels(plan: Plan) -> list[dict[str, Any]]:
    splits = (TRAIN, VALIDATION)  # never the test split
    dataset = plan.dataset

    if dataset.recordio:
        channels = [_channel(split, dataset.url(f"{split}_rec"), RECORDIO) for split in splits]
    else:
        names = [*splits, *(f"{split}_lst" for split in splits)]
        channels = [_channel(name, dataset.url(name), IMAGES) for name in names]
    if plan.earlier_model:
        channels.append(_channel("model", plan.earlier_model, MODEL))
    return channels


def _channel(name: str, url: str, content_type: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": url, "S3DataDistributionType": "FullyReplicated"}
    return {
        "ChannelName": name,
        "DataSource": {"S3DataSource": source},
        "ContentType": content_type,
    }
