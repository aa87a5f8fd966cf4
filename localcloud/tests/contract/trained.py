"""Make a tiny dataset and requests for training jobs on it."""

import json
from contextlib import suppress
from typing import Any

from algorithm.tests.pictures import CLASSES, picture
from localcloud.server.cloud import Cloud

IMAGE = "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
ROLE = "arn:aws:iam::000000000000:role/training"
IMAGES_PER_CLASS = 4
CHANNELS = ("train", "validation", "train_lst", "validation_lst")


def put_dataset(cloud: Cloud, bucket: str) -> None:
    """Put pictures into a new bucket, and create the role that may use it."""
    cloud.client("s3").create_bucket(Bucket=bucket)
    put_images(cloud, bucket)
    put_role(cloud, bucket)


def put_images(cloud: Cloud, bucket: str) -> None:
    """Put pictures and their lists into a bucket."""
    s3 = cloud.client("s3")
    for split in ("train", "validation"):
        lines: list[str] = []
        for label, name in enumerate(CLASSES):
            for number in range(IMAGES_PER_CLASS):
                key = f"{name}/{number}.png"
                s3.put_object(Bucket=bucket, Key=f"{split}/{key}", Body=picture(label, number))
                lines.append(f"{len(lines)}\t{label}\t{key}\n")
        s3.put_object(Bucket=bucket, Key=f"{split}_lst/{split}.lst", Body="".join(lines))


def put_role(cloud: Cloud, bucket: str) -> None:
    """Create the role of the jobs, or let it use this bucket too."""
    iam = cloud.client("iam")
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
    }
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(
            RoleName="training", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )
    use = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    iam.put_role_policy(
        RoleName="training", PolicyName=bucket, PolicyDocument=json.dumps({"Statement": [use]})
    )


def request(bucket: str, name: str, epochs: int = 2, **changes: Any) -> dict[str, Any]:
    """Return a CreateTrainingJob request on the dataset."""
    size = {"num_classes": 2, "num_training_samples": 2 * IMAGES_PER_CLASS}
    hyperparameters = {**size, "mini_batch_size": 4, "resize": 256}
    return {
        "TrainingJobName": name,
        "HyperParameters": {
            member: str(value) for member, value in {**hyperparameters, "epochs": epochs}.items()
        },
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [_channel(bucket, channel) for channel in CHANNELS],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
        "ResourceConfig": {
            "InstanceType": "ml.g4dn.xlarge",
            "InstanceCount": 1,
            "VolumeSizeInGB": 30,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        **changes,
    }


def settle(cloud: Cloud, name: str) -> dict[str, Any]:
    """Wait with boto3's own waiter until a job has ended; return its description."""
    sagemaker = cloud.client("sagemaker")
    waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    described: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=name)
    return described


def _channel(bucket: str, name: str) -> dict[str, Any]:
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": f"s3://{bucket}/{name}/",
        "S3DataDistributionType": "FullyReplicated",
    }
    return {
        "ChannelName": name,
        "DataSource": {"S3DataSource": source},
        "ContentType": "application/x-image",
    }
