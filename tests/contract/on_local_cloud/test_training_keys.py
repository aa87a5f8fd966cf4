"""The role of the training stack may use a KMS key once the tool has allowed it, and not before."""

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

from cli.aws import Aws
from localcloud.server.cloud import Cloud
from localcloud.tests.contract import trained
from training.project import training_stack
from training.project.encryption_keys import allow_keys, key_arn
from training.project.naming import Names
from training.project.run_file import open_run_file
from training.project.training_stack import TrainingStack
from training.steps.context import Context
from untrusted.console import Console

ON_VOLUMES = {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}


@pytest.fixture(scope="module")
def context(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """A step's context in the local cloud, whose stacks are looked at without long waits."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in cloud.environment.items():
            patched.setenv(name, value)
        patched.setitem(training_stack.POLLING, "Delay", 0.1)
        run = open_run_file(tmp_path_factory.mktemp("runs") / "default")
        yield Context(Aws(boto3.session.Session()), Names("keys"), run, Console(file=io.StringIO()))


@pytest.fixture(scope="module")
def stack(cloud: Cloud, context: Context) -> TrainingStack:
    """The training stack, with a dataset in its bucket."""
    made = context.stack.ensure()
    trained.put_images(cloud, made.bucket)
    return made


def request(
    stack: TrainingStack, name: str, key: str | None = None, **changes: Any
) -> dict[str, Any]:
    asked = trained.request(stack.bucket, name, RoleArn=stack.role, **changes)
    asked["OutputDataConfig"] |= {"KmsKeyId": key} if key else {}
    return asked


def test_key_works_once_the_stack_allows_it(
    cloud: Cloud, context: Context, stack: TrainingStack
) -> None:
    sagemaker, kms = cloud.client("sagemaker"), cloud.client("kms")
    kms.create_alias(AliasName="alias/own", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    key = key_arn(context.aws.kms, "alias/own", context.console)
    volume: dict[str, Any] = {"ResourceConfig": {**ON_VOLUMES, "VolumeKmsKeyId": key}}

    with pytest.raises(ClientError, match="not authorized to perform: kms:CreateGrant"):
        sagemaker.create_training_job(**request(stack, "before-volume", **volume))
    sagemaker.create_training_job(**request(stack, "before-output", key))
    with pytest.raises(WaiterError, match="Failed"):
        trained.settle(cloud, "before-output")
    reason = sagemaker.describe_training_job(TrainingJobName="before-output")["FailureReason"]
    assert "not authorized to perform: kms:GenerateDataKey" in reason

    allow_keys(context.stack, stack.role, data=key, volumes=key)
    sagemaker.create_training_job(**request(stack, "after", key, **volume))
    model = trained.settle(cloud, "after")["ModelArtifacts"]["S3ModelArtifacts"]
    head = cloud.client("s3").head_object(
        Bucket=stack.bucket, Key=model.removeprefix(f"s3://{stack.bucket}/")
    )
    assert key == head["SSEKMSKeyId"]
