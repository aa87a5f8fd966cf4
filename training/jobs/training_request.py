"""Build the request that creates a training job."""

from typing import Any

from training.dataset.dataset import TRAIN, VALIDATION
from training.jobs.plan import Plan

IMAGES = "application/x-image"
RECORDIO = "application/x-recordio"
MODEL = "application/x-sagemaker-model"


def training_job_request(
    plan: Plan, name: str, image: str, checkpoints: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    """Return the CreateTrainingJob request for one machine.

    Args:
        plan: The plan of the job.
        name: Name of the job.
        image: URI of the algorithm's container image.
        checkpoints: S3 URL of the job's checkpoints, which it resumes from.
        tags: Tags of the job.
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
    return request


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
