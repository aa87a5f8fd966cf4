"""The service as the outputs of its stack name it."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.service import (
    BACKLOG_WORKFLOW,
    OUTPUTS,
    NoBacklogWorkflowError,
    StackNotFoundError,
    StackOutdatedError,
    find_service,
)

VALUES = {
    "image_bucket": "images",
    "workflow_arn": "arn:workflow",
    "results_table": "results",
    "failure_queue_url": "https://failures",
    "dead_letter_queue_url": "https://queue",
    "backlog_prefix": "archive/",
}
NAMED = {OUTPUTS[field]: value for field, value in VALUES.items()}


def stacks_with(outputs: dict[str, str] | None) -> Any:
    def describe_stacks(*, StackName: str) -> dict[str, Any]:  # noqa: N803
        if outputs is None:
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": "no stack"}}, "DescribeStacks"
            )
        named = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        return {"Stacks": [{"StackName": StackName, "Outputs": named}]}

    meta = SimpleNamespace(region_name="us-east-1")
    return SimpleNamespace(meta=meta, describe_stacks=describe_stacks)


def test_outputs_name_every_part_of_the_service() -> None:
    service = find_service(stacks_with(NAMED | {BACKLOG_WORKFLOW: "arn:backlog"}), "mine")
    assert "s3://images/uploads/a" == service.image_url("uploads/a")
    assert "arn:backlog" == service.require_backlog_workflow()


def test_an_express_service_has_no_backlog_workflow() -> None:
    with pytest.raises(NoBacklogWorkflowError):
        find_service(stacks_with(NAMED), "mine").require_backlog_workflow()


def test_missing_stack_is_named() -> None:
    with pytest.raises(StackNotFoundError, match="'mine' is not in us-east-1"):
        find_service(stacks_with(None), "mine")


def test_outdated_stack_must_be_deployed_again() -> None:
    with pytest.raises(StackOutdatedError, match="FailureDeadLetterQueueUrl"):
        find_service(stacks_with({key: NAMED[key] for key in list(NAMED)[:4]}), "mine")
