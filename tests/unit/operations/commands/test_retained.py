"""retained: the listed resources of deleted stacks, and their deletion."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.confirmation import ConfirmationMissingError
from operations.commands import retained
from operations.commands.retained import ProdRetainedError, StackNotDeletedError
from operations.service.retained_resources import NotDeletedError
from tests.unit.conforming import conforming
from tests.unit.operations.in_memory import Account

type Options = Callable[..., argparse.Namespace]


@dataclass
class FakeCloudFormation:
    """CloudFormation with deleted stacks, and perhaps an existing one."""

    exists: bool = False
    parameter: str = "Environment"
    deleted: dict[str, tuple[str, list[tuple[str, str, str]]]] = field(default_factory=dict)

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        if StackName in self.deleted:
            parameters = [
                {"ParameterKey": self.parameter, "ParameterValue": self.deleted[StackName][0]}
            ]
            return {"Stacks": [{"StackName": "scones-unlimited", "Parameters": parameters}]}
        if not self.exists:
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": "no stack"}}, "DescribeStacks"
            )
        return {"Stacks": [{"StackName": StackName, "StackStatus": "DELETE_IN_PROGRESS"}]}

    def get_paginator(self, operation: str) -> "FakePages":
        return FakePages(getattr(self, operation))

    def list_stacks(self, StackStatusFilter: list[str]) -> Iterator[dict[str, Any]]:  # noqa: N803
        yield {"StackSummaries": [{"StackName": "another", "StackId": "arn:another"}]}
        yield {
            "StackSummaries": [
                {"StackName": "scones-unlimited", "StackId": stack} for stack in self.deleted
            ]
        }

    def describe_stack_events(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        for kind, name, status in self.deleted[StackName][1]:
            yield {
                "StackEvents": [
                    {"ResourceType": kind, "PhysicalResourceId": name, "ResourceStatus": status}
                ]
            }


@dataclass
class FakePages:
    paginate: Callable[..., Iterator[dict[str, Any]]]


@pytest.fixture
def stacks(account: Account) -> FakeCloudFormation:
    """No stack at all; the account's bucket and table are there."""
    found = FakeCloudFormation()
    vars(account.context.aws)["cloudformation"] = conforming(found, "cloudformation")
    return found


KEPT = [
    ("AWS::DynamoDB::Table", "results", "DELETE_SKIPPED"),
    ("AWS::S3::Bucket", "images", "DELETE_SKIPPED"),
    ("AWS::SQS::Queue", "dead-letters", "DELETE_COMPLETE"),
]


def test_existing_or_deleting_stack_is_refused(
    account: Account, stacks: FakeCloudFormation, options: Options
) -> None:
    stacks.exists = True
    with pytest.raises(StackNotDeletedError, match="DELETE_IN_PROGRESS"):
        retained.run(account.context, options(retained))


def test_retained_bucket_is_listed_with_the_cost_of_its_versions(
    account: Account, stacks: FakeCloudFormation, options: Options
) -> None:
    account.store("uploads/a.png", b"1" * 1024)
    account.store("uploads/a.png", b"2" * 1024)
    stacks.deleted["arn:1"] = "dev", KEPT
    [bucket, table] = retained.run(account.context, options(retained)).data["retained"]
    assert "image bucket" == bucket["kind"]
    assert "images" == bucket["name"]
    assert pytest.approx(2048 / 1024**3 * 0.023) == bucket["dollars_a_month"]
    assert "table" == table["kind"]
    assert "results" == table["name"]


def test_deleted_resource_is_not_listed(
    account: Account, stacks: FakeCloudFormation, options: Options
) -> None:
    stacks.deleted["arn:1"] = "dev", [("AWS::S3::Bucket", "gone", "DELETE_SKIPPED")]
    assert (
        [] == retained.run(account.context, options(retained, "--delete", "--yes")).data["retained"]
    )
    assert "deleted within 90 days retained a resource" in account.shown.getvalue()


def test_nothing_is_deleted_without_a_confirmation(
    account: Account, stacks: FakeCloudFormation, options: Options
) -> None:
    stacks.deleted["arn:1"] = "dev", KEPT
    with pytest.raises(ConfirmationMissingError):
        retained.run(account.context, options(retained, "--delete"))
    account.context.aws.s3.head_bucket(Bucket="images")


def test_dry_run_deletes_nothing(
    account: Account, stacks: FakeCloudFormation, options: Options
) -> None:
    stacks.deleted["arn:1"] = "dev", KEPT
    dry_run = options(retained, "--delete", "--dry-run")
    assert not retained.run(account.context, dry_run).data["deleted"]
    account.context.aws.s3.head_bucket(Bucket="images")


def test_resources_of_prod_are_listed_and_not_deleted(
    account: Account, stacks: FakeCloudFormation, options: Options
) -> None:
    stacks.deleted["arn:1"] = "prod", KEPT
    with pytest.raises(ProdRetainedError):
        retained.run(account.context, options(retained, "--delete", "--yes"))
    assert "environment prod" in account.shown.getvalue()
    account.context.aws.s3.head_bucket(Bucket="images")


def test_prod_stack_of_an_earlier_release_is_recognized(
    account: Account, stacks: FakeCloudFormation, options: Options
) -> None:
    stacks.parameter = "Stage"
    stacks.deleted["arn:1"] = "prod", KEPT
    with pytest.raises(ProdRetainedError):
        retained.run(account.context, options(retained, "--delete", "--yes"))


def test_version_that_s3_refuses_to_delete_is_named(
    account: Account, stacks: FakeCloudFormation, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.store("uploads/a.png")
    stacks.deleted["arn:1"] = "dev", KEPT
    refused = {"Errors": [{"Key": "uploads/a.png", "Message": "Internal error."}]}
    monkeypatch.setattr(account.context.aws.s3, "delete_objects", lambda **_arguments: refused)
    with pytest.raises(NotDeletedError, match=r"uploads/a\.png: Internal error"):
        retained.run(account.context, options(retained, "--delete", "--yes"))
