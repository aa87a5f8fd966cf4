"""The stack with the bucket and the role (made for real by the demo, on the local cloud)."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from samtranslator.yaml_helper import yaml_parse

from training.endpoint.alarms import alarm_requests
from training.project.naming import Names
from training.project.training_stack import (
    TEMPLATE,
    TrainingStack,
    TrainingStackFailedError,
)
from training.steps.context import Context

FOUNDATION = TrainingStack("photos", "arn:aws:iam::123456789012:role/sagemaker")
OUTPUTS = [
    {"OutputKey": "TrainingBucketName", "OutputValue": FOUNDATION.bucket},
    {"OutputKey": "SageMakerRoleArn", "OutputValue": FOUNDATION.role},
]


@pytest.fixture
def cloudformation(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.cloudformation) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def missing(stubber: Stubber) -> None:
    message = "Stack with id scones-unlimited-training does not exist"
    stubber.add_client_error("describe_stacks", "ValidationError", message)


def described(
    stubber: Stubber, status: str, outputs: list[dict[str, str]], **parameters: str
) -> None:
    stack: dict[str, Any] = {
        "StackName": "scones-unlimited-training",
        "CreationTime": 0,
        "StackStatus": status,
    }
    stack["Parameters"] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
    ]
    stubber.add_response("describe_stacks", {"Stacks": [{**stack, "Outputs": outputs}]})


def test_training_stack_that_does_not_exist_is_not_found(
    context: Context, cloudformation: Stubber
) -> None:
    missing(cloudformation)
    assert context.stack.find() is None


def test_training_stack_that_exists_is_not_created_again(
    context: Context, cloudformation: Stubber
) -> None:
    described(cloudformation, "CREATE_COMPLETE", OUTPUTS)
    assert FOUNDATION == context.stack.ensure()


def test_training_stack_knows_the_keys_that_its_role_may_use(
    context: Context, cloudformation: Stubber
) -> None:
    described(
        cloudformation, "UPDATE_COMPLETE", OUTPUTS, DataKeyArns="arn:1,arn:2", VolumeKeyArns=""
    )
    found = context.stack.find()
    assert found
    assert ("arn:1", "arn:2") == found.data_keys
    assert () == found.volume_keys


def test_missing_training_stack_is_created_with_the_tags_of_the_environment(
    context: Context, cloudformation: Stubber
) -> None:
    tags = [{"Key": "project", "Value": "scones-unlimited"}, {"Key": "environment", "Value": "dev"}]
    missing(cloudformation)
    cloudformation.add_response(
        "create_stack",
        {"StackId": "id"},
        {
            "StackName": "scones-unlimited-training",
            "TemplateBody": ANY,
            "Parameters": [{"ParameterKey": "Service", "ParameterValue": "scones-unlimited"}],
            "Capabilities": ["CAPABILITY_IAM"],
            "Tags": tags,
        },
    )
    described(cloudformation, "CREATE_COMPLETE", [])
    described(cloudformation, "CREATE_COMPLETE", OUTPUTS)
    assert FOUNDATION == context.stack.ensure()


def test_training_stack_that_cannot_be_created_says_where_to_look(
    context: Context, cloudformation: Stubber
) -> None:
    missing(cloudformation)
    cloudformation.add_response("create_stack", {"StackId": "id"})
    described(cloudformation, "ROLLBACK_COMPLETE", [])
    with pytest.raises(TrainingStackFailedError, match="The events of the stack"):
        context.stack.ensure()


def test_stack_without_the_outputs_is_an_error(context: Context, cloudformation: Stubber) -> None:
    described(cloudformation, "ROLLBACK_COMPLETE", [])
    with pytest.raises(TrainingStackFailedError, match="ROLLBACK_COMPLETE and has no outputs"):
        context.stack.ensure()


def test_the_bucket_is_kept_when_the_stack_is_deleted() -> None:
    assert re.search(
        r"TrainingBucket:\n +Type: AWS::S3::Bucket\n +DeletionPolicy: RetainExceptOnCreate",
        TEMPLATE.read_text(),
    )


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_role_may_look_at_all_alarms_of_an_update_and_at_no_others(environment: str) -> None:
    names = Names(environment=environment)
    requests = alarm_requests(names.endpoint, names.dated(), None, [])
    watching = [
        *(request["AlarmName"] for request in requests),
        f"{names.service}-failed-executions",
    ]
    role = yaml_parse(TEMPLATE.read_text())["Resources"]["SageMakerRole"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    [patterns] = [
        one["Resource"] for one in statements if one.get("Action") == "cloudwatch:DescribeAlarms"
    ]
    of_service = [
        one["Fn::Sub"].rpartition(":alarm:")[2].replace("${Service}", names.service)
        for one in patterns
    ]
    allowed = [
        name
        for name in [*watching, "parcels-failed-executions"]
        if any(fnmatch(name, one) for one in of_service)
    ]
    assert watching == allowed


def test_training_stack_that_an_interrupted_call_began_is_waited_for(
    context: Context, cloudformation: Stubber
) -> None:
    described(cloudformation, "CREATE_IN_PROGRESS", [])
    cloudformation.add_client_error("create_stack", "AlreadyExistsException")
    described(cloudformation, "CREATE_COMPLETE", OUTPUTS)
    described(cloudformation, "CREATE_COMPLETE", OUTPUTS)
    assert FOUNDATION == context.stack.ensure()
