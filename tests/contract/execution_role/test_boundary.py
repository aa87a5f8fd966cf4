"""The boundary against the statements of the service's roles: actions, resources and conditions."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.execution_role.resolved import read, resolved
from tests.contract.execution_role.stack import Stack, deployment_values
from tests.workflow.least_privilege.policies import Call, Policies, Statement
from tests.workflow.least_privilege.surplus import surplus

LONGEST_NAME = "a-service-with-a-long-name"[:25]
SERVICE = read("template.yaml")["Resources"]
ROLES = [logical_id for logical_id, data in SERVICE.items() if data["Type"] == "AWS::IAM::Role"]


def calls(role: str, stack: Stack) -> Iterator[Call]:
    """Yield a call for every action and resource of a role's statements, with valid conditions."""
    for statement in stack.role_statements(role):
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                for conditions in met(statement.get("Condition", {})):
                    yield Call(
                        role,
                        action,
                        resource.replace("*", "any") if resource != "*" else "*",
                        conditions,
                    )


def met(condition: dict[str, dict[str, Any]]) -> Iterator[frozenset[tuple[str, str]]]:
    """Yield contexts that meet a condition, so that each of its values is met once."""
    operands = [
        (key.lower(), listed(value))
        for name in condition
        if name != "Null"
        for key, value in condition[name].items()
    ]
    for index in range(max((len(values) for _, values in operands), default=1)):
        yield frozenset(
            (key, values[min(index, len(values) - 1)].replace("*", "any"))
            for key, values in operands
        )


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def boundary(service: str, roles: list[str]) -> Policies:
    """The boundary as if it were the permissions of those roles."""
    document = read("stacks/github.yaml")["Resources"]["Boundary"]["Properties"]["PolicyDocument"]
    statements = resolved(document["Statement"], deployment_values(service))
    return Policies(Statement(role, "", body) for role in roles for body in statements)


@pytest.mark.parametrize("service", ["scones-unlimited", LONGEST_NAME])
@pytest.mark.parametrize("role", ROLES)
def test_boundary_allows_all_that_a_role_of_the_service_may_do(service: str, role: str) -> None:
    within, asked = boundary(service, [role]), list(calls(role, Stack(service)))
    assert asked
    assert [] == [call for call in asked if not within.allows(call)]


def test_every_action_and_resource_of_the_boundary_is_needed_by_a_role() -> None:
    stack = Stack("scones-unlimited")
    asked = [
        Call("any", call.action, call.resource, call.conditions)
        for role in ROLES
        for call in calls(role, stack)
    ]
    assert [] == surplus(boundary(stack.name, ["any"]), asked, [])


def test_boundary_lets_no_role_do_that_to_another_stack() -> None:
    mine, others = "scones-unlimited", Stack("another-unlimited")
    asked = {call for role in ROLES for call in calls(role, others)}
    of_stack = [
        call
        for call in asked
        if "another-unlimited" in json.dumps([call.resource, *call.conditions])
    ]
    within = boundary(mine, ROLES)
    assert of_stack
    assert [] == [call for call in of_stack if within.allows(call)]


def test_every_role_of_the_service_has_the_boundary() -> None:
    given = {"Fn::If": ["IsBounded", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
    assert [given] * len(ROLES) == [
        SERVICE[role]["Properties"].get("PermissionsBoundary") for role in ROLES
    ]
