"""State machines that cannot deliver their logs are refused, by the API and in stacks."""

from typing import Any

import pytest
from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

from localcloud.api.protocol import InvalidRequestError
from localcloud.stepfunctions.api_errors import InvalidLoggingError, LogDestinationDeniedError
from localcloud.tests.contract.conftest import (
    ALLOW_ALL,
    ROLE_ARN,
    STATE_MACHINE_ARN,
    WORKFLOW_ROLE_ARN,
)

NAME = "/aws/vendedlogs/states/it"
GROUP_ARN = f"arn:aws:logs:us-east-1:000000000000:log-group:{NAME}:*"
STATES = {"Only": {"Type": "Pass", "End": True}}
# Step Functions Developer Guide, "Using CloudWatch Logs to log execution history".
ACTIONS = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
NOT_AUTHORIZED = "The state machine IAM Role is not authorized to access the Log Destination"


def logging(group_arn: str = GROUP_ARN) -> dict[str, Any]:
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": group_arn}}
    return {"level": "ALL", "destinations": [destination]}


def put_group() -> None:
    cloudwatch_logs._create_log_group({"logGroupName": NAME})


def allow(actions: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]


def test_role_with_the_documented_permissions_can_log(ministack: Any) -> None:
    put_group()
    ministack.put_role(allow(ACTIONS))

    ministack.put_state_machine(STATES, loggingConfiguration=logging())

    assert logging() == ministack.app.store.machines[STATE_MACHINE_ARN].revision.logging


@pytest.mark.parametrize("missing", ACTIONS)
def test_role_without_one_permission_of_log_delivery_is_refused(
    ministack: Any, missing: str
) -> None:
    put_group()
    ministack.put_role(allow(tuple(action for action in ACTIONS if action != missing)))

    with pytest.raises(LogDestinationDeniedError, match=NOT_AUTHORIZED) as raised:
        ministack.put_state_machine(STATES, loggingConfiguration=logging())

    assert "AccessDeniedException" == raised.value.code
    assert {} == ministack.app.store.machines


def test_log_group_that_does_not_exist_is_refused(ministack: Any) -> None:
    ministack.put_role()

    with pytest.raises(InvalidLoggingError, match=r"states/it:\* does not exist") as raised:
        ministack.put_state_machine(STATES, loggingConfiguration=logging())

    assert "InvalidLoggingConfiguration" == raised.value.code
    assert {} == ministack.app.store.machines


def test_log_group_without_qualifier_is_refused(ministack: Any) -> None:
    put_group()
    ministack.put_role()

    with pytest.raises(InvalidLoggingError, match=r"must be provided with '\*' qualifier"):
        ministack.put_state_machine(
            STATES, loggingConfiguration=logging(GROUP_ARN.removesuffix(":*"))
        )


@pytest.mark.parametrize("group_exists", [False, True])
def test_update_that_cannot_log_is_refused_and_changes_nothing(
    ministack: Any, group_exists: bool
) -> None:
    ministack.put_role([])
    ministack.put_state_machine(STATES)
    if group_exists:
        put_group()

    request = {"stateMachineArn": STATE_MACHINE_ARN, "loggingConfiguration": logging()}
    with pytest.raises(
        InvalidRequestError, match=NOT_AUTHORIZED if group_exists else "does not exist"
    ):
        ministack.app.machines("us-east-1").update(request)

    assert "OFF" == ministack.app.store.machines[STATE_MACHINE_ARN].revision.logging["level"]


def test_update_to_a_role_that_cannot_log_is_refused(ministack: Any) -> None:
    put_group()
    ministack.put_role(ALLOW_ALL)
    ministack.put_state_machine(STATES, loggingConfiguration=logging())

    ministack.put_role([], name="workflow")
    request = {"stateMachineArn": STATE_MACHINE_ARN, "roleArn": WORKFLOW_ROLE_ARN}

    with pytest.raises(LogDestinationDeniedError, match=NOT_AUTHORIZED):
        ministack.app.machines("us-east-1").update(request)


@pytest.mark.parametrize(
    ("group_exists", "reason"),
    [
        (False, "does not exist.*InvalidLoggingConfiguration"),
        (True, f"{NOT_AUTHORIZED}.*AccessDeniedException"),
    ],
)
def test_state_machine_that_cannot_log_fails_its_stack(
    ministack: Any, group_exists: bool, reason: str
) -> None:
    ministack.put_role([])
    if group_exists:
        put_group()

    destination = {"CloudWatchLogsLogGroup": {"LogGroupArn": GROUP_ARN}}
    properties = {
        "StateMachineName": "machine",
        "Definition": {"QueryLanguage": "JSONata", "StartAt": "Only", "States": STATES},
        "RoleArn": ROLE_ARN,
        "LoggingConfiguration": {"Level": "ALL", "Destinations": [destination]},
    }

    with pytest.raises(ValueError, match=reason):
        provisioners._provision_resource(
            "AWS::StepFunctions::StateMachine", "One", properties, "stack"
        )

    assert {} == ministack.app.store.machines
