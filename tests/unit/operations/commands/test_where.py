"""where: names, log groups of nested stacks, and pages of the console."""

import argparse
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.service import StackNotFoundError, service_stacks
from operations.commands import where
from operations.service.context import Context
from tests.unit.cli.test_service import NAMED
from tests.unit.operations.in_memory import Account

type Options = Callable[..., argparse.Namespace]
WORKFLOW = "arn:aws:states:eu-west-1:123456789012:stateMachine:images"
OUTPUTS = NAMED | {
    "ImageClassificationWorkflowArn": WORKFLOW,
    "EndpointName": "doors",
    "AlarmTopicArn": "arn:aws:sns:eu-west-1:123456789012:alarms",
}
STACKS = {
    "scones-unlimited": OUTPUTS,
    "scones-unlimited-prod": NAMED,
    "scones-unlimited-training": {"TrainingBucketName": "training-bucket"},
}
RESOURCES = {
    "scones-unlimited": [
        ("AWS::Logs::LogGroup", "/aws/lambda/scones-unlimited-serialize-image"),
        ("AWS::CloudFormation::Stack", "arn:monitoring"),
    ],
    "arn:monitoring": [
        ("AWS::Logs::LogGroup", "/aws/events/scones-unlimited-decisions"),
        ("AWS::CloudWatch::Dashboard", "scones-unlimited"),
    ],
}


class Stacks:
    """CloudFormation with three stacks, one of which has a nested stack."""

    def __init__(self, host: str) -> None:
        self.meta = SimpleNamespace(region_name="eu-west-1", endpoint_url=f"https://{host}")

    def describe_stacks(self, *, StackName: str = "") -> dict[str, Any]:  # noqa: N803
        if StackName and StackName not in STACKS:
            error = {"Error": {"Code": "ValidationError", "Message": "no stack"}}
            raise ClientError(error, "DescribeStacks")  # type: ignore[arg-type]
        names = [StackName] if StackName else list(STACKS)
        return {"Stacks": [self._described(name) for name in names]}

    def _described(self, name: str) -> dict[str, Any]:
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in STACKS[name].items()]
        return {"StackName": name, "StackStatus": "CREATE_COMPLETE", "Outputs": outputs}

    def get_paginator(self, operation: str) -> Any:
        def resources(StackName: str) -> list[dict[str, Any]]:  # noqa: N803
            listed = [
                {"ResourceType": kind, "PhysicalResourceId": name}
                for kind, name in RESOURCES[StackName]
            ]
            return [{"StackResourceSummaries": listed}]

        pages = {
            "describe_stacks": lambda: [self.describe_stacks()],
            "list_stack_resources": resources,
        }
        return SimpleNamespace(paginate=pages[operation])


def context(account: Account, host: str, stack: str = "scones-unlimited") -> Context:
    aws: Any = SimpleNamespace(cloudformation=Stacks(host), region="eu-west-1")
    return Context(aws, stack, account.context.console)


AWS = "cloudformation.eu-west-1.amazonaws.com"


def test_every_part_has_its_name(account: Account, options: Options) -> None:
    data = where.run(context(account, AWS), options(where)).data
    assert "s3://images/uploads/" == data["uploads"]
    assert "training-bucket" == data["training_bucket"]
    assert "results" == data["results_table"]
    assert "doors" == data["endpoint"]
    assert "scones-unlimited" == data["dashboard"]
    shown = account.shown.getvalue()
    for name in ("s3://images/uploads/", "results", "doors", WORKFLOW, "training-bucket"):
        assert name in shown


def test_log_groups_of_nested_stacks_are_listed(account: Account, options: Options) -> None:
    data = where.run(context(account, AWS), options(where)).data
    assert [
        "/aws/events/scones-unlimited-decisions",
        "/aws/lambda/scones-unlimited-serialize-image",
    ] == data["log_groups"]


def test_dashboard_has_an_address_on_aws_alone(account: Account, options: Options) -> None:
    data = where.run(context(account, AWS), options(where)).data
    assert (
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#dashboards/dashboard/scones-unlimited"
    ) == data["pages"]["dashboard"]
    assert {} == where.run(context(account, "127.0.0.1:4566"), options(where)).data["pages"]


def test_stack_that_does_not_exist_names_those_that_do(account: Account) -> None:
    wrong = context(account, AWS, stack="scones-unlimitd")
    expected = "Use --stack scones-unlimited or --stack scones-unlimited-prod"
    with pytest.raises(StackNotFoundError, match=expected):
        _ = wrong.service


def test_stack_of_something_else_names_those_of_the_service(account: Account) -> None:
    wrong = context(account, AWS, stack="scones-unlimited-training")
    with pytest.raises(StackNotFoundError, match="Use --stack scones-unlimited"):
        _ = wrong.service


def test_only_stacks_with_the_services_outputs_are_named() -> None:
    found: Any = Stacks(AWS)
    assert ["scones-unlimited", "scones-unlimited-prod"] == service_stacks(found)
