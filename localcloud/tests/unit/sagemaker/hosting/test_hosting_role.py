"""Run endpoints in the execution role of their models."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.tests.unit.sagemaker.conftest import IMAGE, ROLE, Cloud

CAPTURE = {
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captured/requests",
    "CaptureOptions": [{"CaptureMode": "Input"}],
    "KmsKeyId": "alias/data",
}


def configure(cloud: Cloud, **members: Any) -> None:
    """Create a model and an endpoint configuration "trucks" with these members."""
    cloud.create_model("trucks", "trucks")
    variant: Any = {
        "VariantName": "AllTraffic",
        "ModelName": "trucks",
        "InstanceType": "ml.m5.large",
    }
    cloud.control.create_endpoint_config(
        EndpointConfigName="trucks",
        ProductionVariants=[variant | {"InitialInstanceCount": 1}],
        **members,
    )


def capture(cloud: Cloud) -> list[str]:
    """Invoke an endpoint that captures everything; return the URLs of the files."""
    configure(cloud, DataCaptureConfig=CAPTURE)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    assert "InService" == cloud.settle("trucks")
    cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"image")
    cloud.publish()
    return [file.url for file in cloud.telemetry.files]


@pytest.mark.parametrize("action", ["sts:AssumeRole", "s3:GetObject"])
def test_model_whose_role_cannot_read_the_model_data_is_refused(cloud: Cloud, action: str) -> None:
    cloud.iam.denied.add(action)
    message = r"ValidationException.*Could not access model data at s3://models/trucks/model\.tar"
    with pytest.raises(ClientError, match=message):
        cloud.create_model("trucks", "trucks")
    assert [] == cloud.control.list_models()["Models"]


def test_model_whose_model_data_is_missing_is_refused(cloud: Cloud) -> None:
    container: Any = {"Image": IMAGE, "ModelDataUrl": "s3://models/missing/model.tar.gz"}
    with pytest.raises(ClientError, match=r"ValidationException.*is located in us-east-1\."):
        cloud.control.create_model(
            ModelName="missing", ExecutionRoleArn=ROLE, PrimaryContainer=container
        )


def test_model_without_a_role_is_created_unchecked(cloud: Cloud) -> None:
    container: Any = {"Image": IMAGE, "ModelDataUrl": "s3://models/missing/model.tar.gz"}
    cloud.control.create_model(ModelName="plain", PrimaryContainer=container)
    assert ["plain"] == [model["ModelName"] for model in cloud.control.list_models()["Models"]]


@pytest.mark.parametrize("action", ["sts:AssumeRole", "s3:GetObject"])
def test_endpoint_whose_role_may_not_read_the_model_fails(cloud: Cloud, action: str) -> None:
    configure(cloud)
    cloud.iam.denied.add(action)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    assert "Failed" == cloud.settle("trucks")
    reason = cloud.control.describe_endpoint(EndpointName="trucks")["FailureReason"]
    assert f"not authorized to perform: {action}" in reason


def test_endpoint_whose_role_may_not_decrypt_the_model_fails(cloud: Cloud) -> None:
    cloud.artifacts.keys["s3://models/trucks/model.tar.gz"] = "alias/data"
    cloud.iam.denied.add("kms:Decrypt")
    cloud.create_endpoint("trucks")
    reason = cloud.control.describe_endpoint(EndpointName="trucks")["FailureReason"]
    assert "not authorized to perform: kms:Decrypt on resource: alias/data" in reason


def test_endpoint_whose_role_may_not_lend_the_key_of_its_volumes_is_refused(cloud: Cloud) -> None:
    cloud.create_endpoint("plain")
    configure(cloud, KmsKeyId="alias/disks")
    cloud.iam.denied.add("kms:CreateGrant")
    refused = r"not authorized to perform: kms:CreateGrant on resource: alias/disks"
    with pytest.raises(ClientError, match=refused):
        cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    with pytest.raises(ClientError, match=refused):
        cloud.control.update_endpoint(EndpointName="plain", EndpointConfigName="trucks")
    cloud.iam.denied.clear()
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    assert "InService" == cloud.settle("trucks")


@pytest.mark.parametrize("action", ["s3:PutObject", "kms:GenerateDataKey", "kms:Encrypt"])
def test_nothing_is_captured_where_the_role_may_not_write(cloud: Cloud, action: str) -> None:
    cloud.iam.denied.add(action)
    assert [] == capture(cloud)


def test_requests_are_captured_where_the_role_may_write(cloud: Cloud) -> None:
    [url] = capture(cloud)
    assert url.startswith("s3://captured/requests/trucks/AllTraffic/")
