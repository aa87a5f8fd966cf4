"""A workflow's log: the events of its level, each with the execution, none with execution data."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch_logs, stepfunctions

from localcloud.tests.contract.conftest import STATE_MACHINE_ARN

GROUP = "/aws/vendedlogs/states/tests"
FAIL = {"First": {"Type": "Pass", "Next": "Last"}, "Last": {"Type": "Fail", "Error": "Broken", "Cause": "It is."}}


def logged(ministack: Any, level: str) -> list[dict[str, Any]]:
    """Run the workflow with this level, and read its log."""
    cloudwatch_logs._create_log_group({"logGroupName": GROUP})
    ministack.put_role()
    ministack.put_state_machine(FAIL)
    group = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}:*"
    stepfunctions._state_machines[STATE_MACHINE_ARN]["loggingConfiguration"] = {
        "Level": level,
        "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": group}}],
    }
    request = {"stateMachineArn": STATE_MACHINE_ARN, "input": '{"image_url": "private"}'}
    stepfunctions._start_sync_execution(request)
    answer = cloudwatch_logs._filter_log_events({"logGroupName": GROUP})
    return [json.loads(event["message"]) for event in json.loads(answer[2])["events"]]


@pytest.mark.parametrize(("level", "expected"), [("OFF", []), ("ERROR", ["ExecutionFailed"])])
def test_level_says_which_events_are_logged(ministack: Any, level: str, expected: list[str]) -> None:
    assert expected == [line["type"] for line in logged(ministack, level)]


def test_everything_is_logged_where_the_level_says_so(ministack: Any) -> None:
    types = [line["type"] for line in logged(ministack, "ALL")]
    assert "ExecutionStarted" == types[0]
    assert "PassStateEntered" == types[1]
    assert "ExecutionFailed" == types[-1]


def test_line_names_execution_error_and_cause(ministack: Any) -> None:
    [line] = logged(ministack, "ERROR")
    assert {"error": "Broken", "cause": "It is."} == line["details"]
    assert ":machine:" in line["execution_arn"]


def test_execution_data_stay_out(ministack: Any) -> None:
    assert "private" not in json.dumps(logged(ministack, "ALL"))
