"""Train and serve scripts in the scikit-learn container, for clients of the local cloud."""

import io
import json
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from localcloud.sagemaker.scikit_learn.installation import (
    ContainerPythonMissingError,
    container_python,
)
from localcloud.server.cloud import Cloud
from localcloud.tests.contract import trained

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"


def require_container_python() -> None:
    """Skip a test on a machine without the Python of the container."""
    try:
        container_python()
    except ContainerPythonMissingError as exc:
        pytest.skip(str(exc))


def source_archive(files: Mapping[str, str]) -> bytes:
    """Return a tar.gz with these files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def request(bucket: str, name: str, source: str, **hyperparameters: Any) -> dict[str, Any]:
    """Return a CreateTrainingJob request, with hyperparameters as the SageMaker SDK sends them."""
    sent = {
        **hyperparameters,
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": source,
        "sagemaker_container_log_level": 20,
        "sagemaker_job_name": name,
        "sagemaker_region": "us-east-1",
    }
    return trained.request(
        bucket,
        name,
        HyperParameters={member: json.dumps(value) for member, value in sent.items()},
        AlgorithmSpecification={
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}],
        },
        InputDataConfig=[channel("train", f"s3://{bucket}/iris/")],
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 9},
    )


def channel(name: str, url: str) -> dict[str, Any]:
    """Return a channel of everything below a URL."""
    source = {"S3DataType": "S3Prefix", "S3Uri": url, "S3DataDistributionType": "FullyReplicated"}
    return {
        "ChannelName": name,
        "DataSource": {"S3DataSource": source},
        "ContentType": "text/csv",
    }


def ended(cloud: Cloud, name: str) -> dict[str, Any]:
    """Wait until a job has ended, also if it fails; return its description."""
    with suppress(WaiterError):
        trained.settle(cloud, name)
    described: dict[str, Any] = cloud.client("sagemaker").describe_training_job(
        TrainingJobName=name
    )
    return described


def serve(cloud: Cloud, name: str, url: str, **members: Any) -> dict[str, Any]:
    """Create an endpoint of a model with this environment; return its description."""
    sagemaker = cloud.client("sagemaker")
    isolated = members.pop("EnableNetworkIsolation", False)
    container = {"Image": IMAGE, "ModelDataUrl": url, "Environment": members}
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=trained.ROLE,
        PrimaryContainer=container,
        EnableNetworkIsolation=isolated,
    )
    variant = {
        "VariantName": "blue",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return settle(cloud, name)


def settle(cloud: Cloud, name: str) -> dict[str, Any]:
    """Wait until an endpoint is in service or has failed; return its description."""
    sagemaker = cloud.client("sagemaker")
    while True:
        described: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=name)
        if described["EndpointStatus"] != "Creating":
            return described
