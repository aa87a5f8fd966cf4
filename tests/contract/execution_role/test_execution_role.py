"""The permissions of the execution role equal those in CloudFormation's resource schemas."""

from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest

from localcloud.ministack.cloudformation.resource_requests import ACTIONS
from localcloud.ministack.cloudformation.update_actions import BY_PROPERTY
from localcloud.server.settings import ACCOUNT, REGION
from tests.contract.execution_role.requests import (
    NOT_USED,
    NOT_USED_BY,
    ROLE,
    named_by_schema,
    requests,
)
from tests.contract.execution_role.resolved import read, resolved
from tests.contract.execution_role.stack import PLACE, Stack, deployment_values
from tests.workflow.least_privilege.policies import Policies, Statement
from tests.workflow.least_privilege.surplus import surplus

LONGEST_NAME = "a-service-with-a-long-name"[:25]
NAMES = ["scones-unlimited", LONGEST_NAME]
# A new key has no tag, metadata of a given key must be readable, and services need grants.
ON_ANY_KEY = {"kms:CreateGrant", "kms:DescribeKey", "kms:TagResource"}


@cache
def policies(service: str) -> Policies:
    """Return the policies of the role, the service's key, and a key that trusts the account."""
    [policy] = read("stacks/github.yaml")["Resources"][ROLE]["Properties"]["Policies"]
    own = resolved(policy["PolicyDocument"]["Statement"], deployment_values(service))
    found = [Statement(ROLE, "", body) for body in own]
    stack, other = Stack(service), Stack(another(service))
    found += [
        Statement("EncryptionKey", stack.named("EncryptionKey").arn, body)
        for body in stack.key_policy
    ]
    account: dict[str, Any] = {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PLACE.account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return Policies([*found, Statement("AnotherKey", other.named("EncryptionKey").arn, account)])


def another(service: str) -> str:
    return f"x{service[1:]}"


@pytest.mark.parametrize("service", NAMES)
def test_every_handler_permission_is_allowed_on_the_stacks_own_resources(service: str) -> None:
    refused = [call for call in requests(Stack(service)) if not policies(service).allows(call)]
    assert [] == refused


def test_every_handler_permission_is_denied_without_its_statement() -> None:
    own = policies(LONGEST_NAME)
    granted_twice = [call for call in requests(Stack(LONGEST_NAME)) if not own.needed(call)]
    assert [] == granted_twice


def test_every_action_and_resource_of_the_role_is_needed_by_a_request() -> None:
    own = policies(NAMES[0])
    role = Policies([one for one in own.statements if one.owner == ROLE])
    assert [] == surplus(role, requests(Stack(NAMES[0])), [])


@pytest.mark.parametrize("service", NAMES)
def test_no_resource_of_another_stack_is_within_reach(service: str) -> None:
    own, calls = policies(service), requests(Stack(another(service)))
    reached = {
        call.action for call in calls if own.allows(call) and another(service) in call.resource
    }
    assert set() == reached
    of_keys = {call.action for call in calls if own.allows(call) and ":key/" in call.resource}
    assert ON_ANY_KEY == of_keys


def test_nothing_in_another_account_or_region_is_within_reach() -> None:
    own, reached = policies(NAMES[0]), []
    for call in requests(Stack(NAMES[0])):
        for here, there in ((ACCOUNT, "111111111111"), (REGION, "eu-west-9")):
            if here in call.resource and own.allows(
                replace(call, resource=call.resource.replace(here, there))
            ):
                reached.append((call.action, there))
    assert [] == reached


def test_without_any_one_of_its_conditions_a_request_is_denied() -> None:
    own = policies(NAMES[0])
    allowed = [
        (call.action, key)
        for call in requests(Stack(NAMES[0]))
        for key, _ in call.conditions
        if own.allows(call.not_under(key))
    ]
    assert [] == allowed


def test_role_is_handed_to_no_other_service() -> None:
    own = policies(NAMES[0])
    passed = [call for call in requests(Stack(NAMES[0])) if call.action == "iam:PassRole"]
    assert 4 == len({call.conditions for call in passed})
    assert [] == [
        call
        for call in passed
        if own.allows(call.under("iam:passedtoservice", "ec2.amazonaws.com"))
    ]


def test_role_with_another_boundary_is_neither_made_nor_changed() -> None:
    own = policies(NAMES[0])
    bounded = [call for call in requests(Stack(NAMES[0])) if call.action == "iam:PutRolePolicy"]
    assert bounded
    other = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert [] == [
        call for call in bounded if own.allows(call.under("iam:permissionsboundary", other))
    ]


@pytest.mark.parametrize(
    "pattern", [pattern for listed in NOT_USED.values() for pattern in listed.split()]
)
def test_permission_that_is_left_out_is_named_by_a_schema(pattern: str) -> None:
    named = {action for resource_type in types() for action in named_by_schema(resource_type)}
    assert any(fnmatchcase(action, pattern) for action in named)


@pytest.mark.parametrize("resource_type", NOT_USED_BY)
def test_permission_that_a_type_leaves_out_is_named_by_its_schema(resource_type: str) -> None:
    for pattern in NOT_USED_BY[resource_type].split():
        assert any(fnmatchcase(action, pattern) for action in named_by_schema(resource_type)), (
            pattern
        )


@pytest.mark.parametrize("resource_type", ACTIONS)
def test_action_that_the_local_cloud_checks_is_named_by_the_schema(resource_type: str) -> None:
    checked = {*ACTIONS[resource_type], *BY_PROPERTY.get(resource_type, {}).values()}
    assert set() == checked - named_by_schema(resource_type)


def types() -> set[str]:
    return {resource.type for resource in Stack(NAMES[0]).resources}
