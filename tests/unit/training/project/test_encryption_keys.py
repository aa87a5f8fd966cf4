"""KMS keys are checked, and allowed to the role of the training stack."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from training.project.encryption_keys import KeyUnusableError, allow_keys, key_arn
from training.project.training_stack import TrainingStackFailedError
from training.steps.context import Context

ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


@pytest.fixture
def kms(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.kms) as stubber:
        yield stubber


@pytest.fixture
def stack(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.cloudformation) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def described(
    stubber: Stubber, status: str = "CREATE_COMPLETE", role: str = ROLE, **parameters: str
) -> None:
    outputs = {"TrainingBucketName": "photos", "SageMakerRoleArn": role}
    answer: dict[str, Any] = {
        "StackName": "scones-unlimited-training",
        "CreationTime": 0,
        "StackStatus": status,
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    }
    stubber.add_response("describe_stacks", {"Stacks": [answer]})


def key(stubber: Stubber, **changed: str) -> None:
    metadata = {
        "KeyId": "1234abcd",
        "Arn": ARN,
        "KeyState": "Enabled",
        "KeySpec": "SYMMETRIC_DEFAULT",
        **changed,
    }
    stubber.add_response("describe_key", {"KeyMetadata": metadata}, {"KeyId": "alias/models"})


def test_no_key_is_no_question(context: Context) -> None:
    assert key_arn(context.aws.kms, None, context.console) is None


def test_alias_becomes_the_arn_of_its_key(context: Context, kms: Stubber) -> None:
    key(kms)
    assert ARN == key_arn(context.aws.kms, "alias/models", context.console)


@pytest.mark.parametrize("changed", [{"KeyState": "PendingDeletion"}, {"KeySpec": "RSA_2048"}])
def test_key_that_cannot_encrypt_is_refused(
    context: Context, kms: Stubber, changed: dict[str, str]
) -> None:
    key(kms, **changed)
    with pytest.raises(KeyUnusableError, match=f"alias/models is .*{next(iter(changed.values()))}"):
        key_arn(context.aws.kms, "alias/models", context.console)


def test_key_that_does_not_exist_is_refused(context: Context, kms: Stubber) -> None:
    kms.add_client_error("describe_key", "NotFoundException")
    with pytest.raises(KeyUnusableError, match="The KMS key alias/models does not exist"):
        key_arn(context.aws.kms, "alias/models", context.console)


def test_key_that_may_not_be_looked_up_is_given_by_its_arn(
    context: Context, kms: Stubber, shown: io.StringIO
) -> None:
    for _ in range(2):
        kms.add_client_error("describe_key", "AccessDeniedException")
    assert ARN == key_arn(context.aws.kms, ARN, context.console)
    assert "is not checked: the check needs kms:DescribeKey" in shown.getvalue()
    with pytest.raises(KeyUnusableError, match="give the ARN"):
        key_arn(context.aws.kms, "alias/models", context.console)


def test_role_is_given_keys_beside_those_that_it_has(context: Context, stack: Stubber) -> None:
    described(stack, Service="scones-unlimited", DataKeyArns="arn:old", VolumeKeyArns="")
    stack.add_response(
        "update_stack",
        {"StackId": "id"},
        {
            "StackName": "scones-unlimited-training",
            "TemplateBody": ANY,
            "Parameters": [
                {"ParameterKey": "Service", "UsePreviousValue": True},
                {"ParameterKey": "DataKeyArns", "ParameterValue": f"arn:old,{ARN}"},
                {"ParameterKey": "VolumeKeyArns", "ParameterValue": ARN},
            ],
            "Capabilities": ["CAPABILITY_IAM"],
        },
    )
    described(stack, "UPDATE_COMPLETE")
    allow_keys(context.stack, ROLE, data=ARN, volumes=ARN)


@pytest.mark.parametrize(("data", "volumes"), [(ARN, None), (None, ARN), (None, None)])
def test_stack_is_not_updated_when_the_role_may_use_the_keys(
    context: Context, stack: Stubber, data: str | None, volumes: str | None
) -> None:
    if data or volumes:
        described(stack, DataKeyArns=ARN, VolumeKeyArns=f"arn:other,{ARN}")
    allow_keys(context.stack, ROLE, data=data, volumes=volumes)


def test_role_of_the_users_own_is_left_alone(
    context: Context, stack: Stubber, shown: io.StringIO
) -> None:
    described(stack)
    allow_keys(
        context.stack,
        "arn:aws:iam::123456789012:role/mine",
        data=ARN,
        volumes=None,
    )
    assert "Make sure that the role may use the KMS key" in shown.getvalue()


def test_update_that_fails_says_where_to_look(context: Context, stack: Stubber) -> None:
    described(stack)
    stack.add_response("update_stack", {"StackId": "id"})
    described(stack, "UPDATE_ROLLBACK_COMPLETE")
    with pytest.raises(TrainingStackFailedError, match="The events of the stack"):
        allow_keys(context.stack, ROLE, data=ARN, volumes=None)
