"""SageMaker takes an execution role only from a caller who may pass it."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud

ROLE = "arn:aws:iam::000000000000:role/to-pass"
IMAGE = "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
OBJECTIVE = {"Type": "Maximize", "MetricName": "validation:accuracy"}
TRAINING: dict[str, Any] = {
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://models"},
    "ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
VARIANT = {"VariantName": "blue", "ModelName": "missing", "InstanceType": "ml.m5.large"}
REQUESTS: dict[str, dict[str, Any]] = {
    "create_model": {
        "ModelName": "passed",
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://missing/model.tar.gz"},
    },
    "create_endpoint_config": {
        "EndpointConfigName": "passed",
        "ExecutionRoleArn": ROLE,
        "ProductionVariants": [{**VARIANT, "InitialInstanceCount": 1}],
    },
    "create_training_job": {"TrainingJobName": "passed", **TRAINING},
    "create_hyper_parameter_tuning_job": {
        "HyperParameterTuningJobName": "passed",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": OBJECTIVE,
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
        },
        "TrainingJobDefinition": TRAINING,
    },
}
DENIED = f"not authorized to perform: iam:PassRole on resource: {ROLE}"


@pytest.fixture
def sagemaker_of(cloud: Cloud) -> Iterator[Callable[..., Any]]:
    """Make a client of a user who has all permissions of SageMaker, and these statements."""
    iam = cloud.client("iam")
    name = f"passing-{uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]

    def make(*statements: dict[str, Any]) -> Any:
        every = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [every, *statements]})
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document)
        return cloud.client("sagemaker", key["AccessKeyId"], key["SecretAccessKey"])

    yield make
    iam.delete_user_policy(UserName=name, PolicyName="all")


def pass_to(service: str) -> dict[str, Any]:
    condition = {"StringEquals": {"iam:PassedToService": service}}
    return {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE, "Condition": condition}


@pytest.mark.parametrize("operation", REQUESTS)
def test_caller_who_may_not_pass_the_role_is_refused(
    sagemaker_of: Callable[..., Any], operation: str
) -> None:
    for statements in ([], [pass_to("lambda.amazonaws.com")]):
        client = sagemaker_of(*statements)
        with pytest.raises(ClientError, match=f"AccessDeniedException.*{DENIED}"):
            getattr(client, operation)(**REQUESTS[operation])


@pytest.mark.parametrize("operation", REQUESTS)
def test_caller_who_may_pass_the_role_gets_to_the_next_check(
    sagemaker_of: Callable[..., Any], operation: str
) -> None:
    client = sagemaker_of(pass_to("sagemaker.amazonaws.com"))
    with pytest.raises(ClientError, match="ValidationException") as refused:
        getattr(client, operation)(**REQUESTS[operation])
    assert "iam:PassRole" not in str(refused.value)
