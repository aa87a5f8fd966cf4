"""CloudFormation takes a role only from a caller who may pass it."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core import iam_actions, iam_evaluator
from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

from localcloud.tests.contract.conftest import ACCOUNT, ROLE_ARN, MiniStackInProcess

SERVICE = "cloudformation.amazonaws.com"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/actor/session"
PASS_ROLE = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": ROLE_ARN}
OPERATIONS = ["CreateChangeSet", "CreateStack", "UpdateStack", "DeleteStack"]


def passing_to(service: str) -> list[dict[str, Any]]:
    return [{**PASS_ROLE, "Condition": {"StringEquals": {"iam:PassedToService": service}}}]


@pytest.fixture(autouse=True)
def stack(ministack: MiniStackInProcess) -> Iterator[None]:
    yield
    cloudformation._stacks.pop("gate", None)
    cloudformation._change_sets.clear()


def status(operation: str, caller: str, role_arn: str = ROLE_ARN) -> tuple[int, str]:
    """Make a request that names the role "actor"; return the HTTP status and the answer."""
    params = {
        "StackName": ["gate"],
        "ChangeSetName": ["first"],
        "ChangeSetType": ["CREATE"],
        "RoleARN": [role_arn],
        "TemplateBody": [json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})],
    }

    async def run() -> Any:
        iam_evaluator._request_caller_arn.set(caller)
        answer = handlers._ACTION_HANDLERS[operation](params)
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
        return answer

    found = asyncio.run(run())

    return found[0], found[2].decode()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "statements", [[], passing_to("lambda.amazonaws.com")], ids=["none", "to another service"]
)
def test_caller_who_cannot_pass_the_role_is_refused(
    ministack: MiniStackInProcess, operation: str, statements: list[dict[str, Any]]
) -> None:
    ministack.put_role(statements, SERVICE)
    code, answer = status(operation, CALLER)
    assert 403 == code
    assert "<Code>AccessDenied</Code>" in answer
    assert f"{CALLER} is not authorized to perform: iam:PassRole on resource: {ROLE_ARN}" in answer


def test_caller_who_can_pass_the_role_creates_a_stack(ministack: MiniStackInProcess) -> None:
    ministack.put_role(passing_to(SERVICE), SERVICE)
    assert 200 == status("CreateStack", CALLER)[0]


def test_root_passes_any_role(ministack: MiniStackInProcess) -> None:
    ministack.put_role([], SERVICE)
    assert 200 == status("CreateStack", ROOT)[0]


def test_request_without_a_role_needs_no_permission_to_pass_one(
    ministack: MiniStackInProcess,
) -> None:
    ministack.put_role([], SERVICE)
    assert 200 == status("CreateStack", CALLER, role_arn="")[0]


def test_role_of_a_request_is_a_condition_key() -> None:
    action, params = "cloudformation:CreateStack", {"RoleARN": [ROLE_ARN]}
    keys = iam_actions.request_tag_context("cloudformation", action, b"", params)
    assert {"cloudformation:RoleArn": ROLE_ARN} == keys
