"""The role of GitHub's jobs: whom it trusts, and what `sam deploy` asks of CloudFormation in it."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.execution_role.deploy_calls import (
    CALLS,
    ROLE,
    SERVICE,
    TO_CLOUDFORMATION,
    stack,
)
from tests.contract.execution_role.resolved import read, resolved
from tests.contract.execution_role.stack import EXECUTION_ROLE, deployment_values
from tests.workflow.least_privilege.policies import Call, Policies, Statement


def template() -> dict[str, Any]:
    return read("stacks/github.yaml")


def policies() -> Policies:
    [policy] = template()["Resources"][ROLE]["Properties"]["Policies"]
    statements = resolved(policy["PolicyDocument"]["Statement"], deployment_values(SERVICE))
    return Policies(Statement(ROLE, "", body) for body in statements)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.action)
def test_call_of_sam_deploy_is_allowed_and_denied_without_its_statement(call: Call) -> None:
    assert 1 == len(policies().needed(call))


@pytest.mark.parametrize(
    "conditions", [frozenset(), frozenset({("cloudformation:rolearn", f"{EXECUTION_ROLE}-2")})]
)
def test_change_set_in_no_role_or_another_is_denied(conditions: Any) -> None:
    assert not policies().allows(replace(CALLS[0], conditions=conditions))


def test_another_stack_is_out_of_reach() -> None:
    own, elsewhere = (
        policies(),
        [replace(call, resource=stack("another")) for call in CALLS if SERVICE in call.resource],
    )
    assert [] == [call for call in elsewhere if own.allows(call)]


def test_execution_role_is_handed_to_no_other_service_and_no_other_role_is_handed_over() -> None:
    passing = Call(ROLE, "iam:PassRole", EXECUTION_ROLE, TO_CLOUDFORMATION)
    assert not policies().allows(passing.under("iam:passedtoservice", "lambda.amazonaws.com"))
    assert not policies().allows(replace(passing, resource=f"{EXECUTION_ROLE}-2"))


def subject(repository: str, environment: str) -> str:
    [statement] = template()["Resources"][ROLE]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    condition = statement["Condition"]
    assert ["StringEquals"] == list(condition)  # no wildcard has a meaning
    trusted = condition["StringEquals"]["token.actions.githubusercontent.com:sub"]
    return str(resolved(trusted, {"Repository": repository, "Environment": environment}))


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("octo-org/octo.repo", "repo:octo-org/octo.repo:environment:prod"),
        # GitHub Docs, "OpenID Connect reference", Immutable subject claims.
        (
            "octo-org@123456/octo-repo@456789",
            "repo:octo-org@123456/octo-repo@456789:environment:prod",
        ),
        (
            "octo_corp@123456/octo-repo@456789",
            "repo:octo_corp@123456/octo-repo@456789:environment:prod",
        ),
    ],
)
def test_exactly_the_subject_of_the_repositorys_environment_is_trusted(
    repository: str, expected: str
) -> None:
    assert re.fullmatch(template()["Parameters"]["Repository"]["AllowedPattern"], repository)
    assert expected == subject(repository, "prod")


@pytest.mark.parametrize(
    "repository",
    [
        "octo-org@123456/octo-repo",
        "octo-org/octo-repo@456789",
        "octo-org/*",
        "octo-org@*/octo-repo@1",
        "octo-org@1/a/b@2",
    ],
)
def test_repository_with_one_id_or_a_wildcard_is_refused(repository: str) -> None:
    assert not re.fullmatch(template()["Parameters"]["Repository"]["AllowedPattern"], repository)
