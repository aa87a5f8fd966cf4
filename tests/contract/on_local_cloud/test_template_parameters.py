"""The local cloud checks the template's parameters whenever a stack changes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from ministack.services import cloudformation
from ministack.services.cloudformation import engine, handlers

from localcloud.tests.contract.conftest import MiniStackInProcess

GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/tests/rules"}}
SUBNETS = "SubnetIds without SecurityGroupIds leaves the functions outside of the VPC. Give both."
GROUPS = "SecurityGroupIds without SubnetIds leaves the functions outside of the VPC. Give both."
VPC = "VpcId creates VPC endpoints for functions in subnets. Give SubnetIds, too."
TABLES = "VpcId creates a VPC endpoint of S3, which needs route tables. Give RouteTableIds, too."
NO_VPC = "RouteTableIds without VpcId has no effect. Give both."
BUDGET = "MonthlyBudget without AlarmEmail creates no budget. Give both."
OPERATIONS = ["CreateStack", "UpdateStack", "CreateChangeSet"]

type Try = Callable[..., str]


@pytest.fixture
def attempt(ministack: MiniStackInProcess, template: dict[str, Any]) -> Any:
    """Try an operation on a stack with the template's parameters; return the error, or ""."""
    body = json.dumps(
        {**{key: template[key] for key in ("Parameters", "Rules")}, "Resources": {"Log": GROUP}}
    )

    def call(operation: str, given: dict[str, str]) -> tuple[int, str]:
        request = {
            "StackName": "rules",
            "TemplateBody": body,
            "ChangeSetName": "first",
            "ChangeSetType": "CREATE",
        }
        for number, (name, value) in enumerate(given.items(), 1):
            request |= {f"Parameters.member.{number}.ParameterKey": name}
            request |= {f"Parameters.member.{number}.ParameterValue": value}
        status, _, answer = handlers._ACTION_HANDLERS[operation](request)
        return status, answer.decode()

    def attempted(operation: str, **given: str) -> str:
        if operation == "UpdateStack":
            stack = {
                "StackName": "rules",
                "StackId": "id",
                "StackStatus": "CREATE_COMPLETE",
                "_template": {},
            }
            cloudformation._stacks["rules"] = stack
        status, answer = call(operation, given)
        return answer if status == 400 else ""

    yield attempted
    cloudformation._stacks.pop("rules", None)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("expected", "given"),
    [
        (SUBNETS, {"SubnetIds": "subnet-1"}),
        (GROUPS, {"SecurityGroupIds": "sg-1"}),
        (VPC, {"VpcId": "vpc-1", "RouteTableIds": "rtb-1"}),
        (TABLES, {"VpcId": "vpc-1", "SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"}),
        (NO_VPC, {"RouteTableIds": "rtb-1", "SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"}),
        (BUDGET, {"MonthlyBudget": "100"}),
    ],
)
def test_parameters_without_effect_are_refused_with_a_sentence(
    attempt: Try, operation: str, expected: str, given: dict[str, str]
) -> None:
    refused = attempt(operation, Environment="dev", **given)
    assert "<Code>ValidationError</Code>" in refused
    assert expected in refused


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"},
        {
            "SubnetIds": "subnet-1",
            "SecurityGroupIds": "sg-1",
            "VpcId": "vpc-1",
            "RouteTableIds": "rtb-1,rtb-2",
        },
        {"AlarmEmail": "you@example.com"},
        {"AlarmEmail": "you@example.com", "MonthlyBudget": "100"},
    ],
)
def test_parameters_that_belong_together_are_taken(
    ministack: MiniStackInProcess, template: dict[str, Any], given: dict[str, str]
) -> None:
    provided = [
        {"Key": key, "Value": value} for key, value in {"Environment": "prod", **given}.items()
    ]
    values = engine._resolve_parameters(template, provided)
    engine.validate_template_support({**template, "Resources": {"Log": GROUP}}, {}, params=values)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_missing_environment_is_refused(attempt: Try, operation: str) -> None:
    refused = attempt(operation, AlarmEmail="you@example.com")
    assert "<Code>ValidationError</Code>" in refused
    assert "<Message>Parameters: [Environment] must have values</Message>" in refused


def test_list_that_is_not_given_has_one_empty_member_in_rules(
    ministack: MiniStackInProcess,
) -> None:
    # A template of cfn-lint issue 979, which AWS refuses.
    assertion = {
        "Assert": {"Fn::Not": [{"Fn::Contains": [{"Ref": "Users"}, ""]}]},
        "AssertDescription": "Give one.",
    }
    body = {
        "Parameters": {"Users": {"Type": "CommaDelimitedList", "Default": ""}},
        "Resources": {"Log": GROUP},
    }
    body |= {"Rules": {"AtLeastOne": {"Assertions": [assertion]}}}
    _, _, answer = handlers._ACTION_HANDLERS["CreateStack"](
        {"StackName": "rules", "TemplateBody": json.dumps(body)}
    )
    assert "Give one." in answer.decode()
