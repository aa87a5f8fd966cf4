"""Host a model with a known answer, for clients of the local cloud."""

import json
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from algorithm.backbone import FEATURES, load_backbone
from algorithm.head import Head
from algorithm.model import pack, save
from localcloud.server.cloud import Cloud

IMAGE = "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
ROLE = "arn:aws:iam::000000000000:role/hosting"
# The model's answer to every image: odds of one to three.
PROBABILITIES = [0.25, 0.75]


def picture() -> bytes:
    """Return a PNG."""
    encoded = BytesIO()
    Image.new("RGB", (32, 32), "red").save(encoded, "PNG")
    return encoded.getvalue()


def put_model(cloud: Cloud, folder: Path, bucket: str) -> str:
    """Put a model.tar.gz into a new bucket; return its URL."""
    unpacked = folder / "model"
    unpacked.mkdir()
    head = Head(np.zeros((FEATURES, 2), np.float32), np.log(np.array(PROBABILITIES, np.float32)))
    save(unpacked, head, {"backbone": {"sha256": load_backbone().sha256}, "num_classes": 2})
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.upload_file(str(pack(unpacked, folder / "model.tar.gz")), bucket, "model.tar.gz")
    put_role(cloud, bucket)
    return f"s3://{bucket}/model.tar.gz"


def put_role(cloud: Cloud, bucket: str) -> None:
    """Create the role of the models, or let it use this bucket too."""
    iam = cloud.client("iam")
    trusted = {"Service": "sagemaker.amazonaws.com"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(
            RoleName="hosting", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )
    use = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    iam.put_role_policy(
        RoleName="hosting", PolicyName=bucket, PolicyDocument=json.dumps({"Statement": [use]})
    )


def create_config(
    cloud: Cloud, name: str, model_url: str, capture: dict[str, Any] | None = None
) -> None:
    """Create a model and an endpoint configuration of this name, with one variant called blue."""
    sagemaker = cloud.client("sagemaker")
    container = {"Image": IMAGE, "ModelDataUrl": model_url}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {
        "VariantName": "blue",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    extra = {"DataCaptureConfig": capture} if capture else {}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **extra)


def create_endpoint(cloud: Cloud, name: str) -> None:
    """Create an endpoint of the configuration of the same name; wait until it is in service."""
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName=name, WaiterConfig={"Delay": 0.05}
    )


def capture_to(bucket: str) -> dict[str, Any]:
    """Return a DataCaptureConfig that captures everything into a bucket."""
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }


def captured(cloud: Cloud, bucket: str) -> list[str]:
    """Return the lines of all captured data in a bucket."""
    s3 = cloud.client("s3")
    found = s3.list_objects_v2(Bucket=bucket, Prefix="captured/").get("Contents", [])
    bodies = [
        s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().decode() for entry in found
    ]
    return [line for body in bodies for line in body.splitlines()]
