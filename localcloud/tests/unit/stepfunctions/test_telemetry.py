"""Executions publish events, metrics and log lines."""

import json
from typing import Any

import pytest

from localcloud.tests.unit.stepfunctions.conftest import MACHINE_ARN, Interpreted

GROUP_ARN = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/states/tests:*"
PASS = {"Only": {"Type": "Pass", "End": True}}
FAIL = {
    "First": {"Type": "Pass", "Next": "Last"},
    "Last": {"Type": "Fail", "Error": "Broken", "Cause": "It is."},
}


def logged(states: Interpreted, level: str, with_data: bool = False) -> list[dict[str, Any]]:
    """Run the workflow with this level, and read its log."""
    destination = {"cloudWatchLogsLogGroup": {"logGroupArn": GROUP_ARN}}
    logging = {"level": level, "destinations": [destination], "includeExecutionData": with_data}
    arn = states.put(FAIL)
    states.machines.update({"stateMachineArn": arn, "loggingConfiguration": logging})
    states.interpreter.run(arn, '{"name": "private"}')
    return [json.loads(line) for line in states.telemetry.lines]


@pytest.mark.parametrize(
    ("level", "expected"),
    [("OFF", []), ("ERROR", ["ExecutionFailed"]), ("FATAL", ["ExecutionFailed"])],
)
def test_log_level_selects_the_events(states: Interpreted, level: str, expected: list[str]) -> None:
    assert expected == [line["type"] for line in logged(states, level)]


def test_log_level_all_logs_every_event(states: Interpreted) -> None:
    types = [line["type"] for line in logged(states, "ALL")]
    assert ["ExecutionStarted", "PassStateEntered", "ExecutionFailed"] == [*types[:2], types[-1]]


def test_line_names_execution_error_and_cause(states: Interpreted) -> None:
    [line] = logged(states, "ERROR")
    assert {"error": "Broken", "cause": "It is."} == line["details"]
    assert ":execution:machine:" in line["execution_arn"]


@pytest.mark.parametrize("with_data", [True, False])
def test_execution_data_is_logged_only_on_request(states: Interpreted, with_data: bool) -> None:
    assert with_data == ("private" in json.dumps(logged(states, "ALL", with_data)))


@pytest.mark.parametrize(
    ("machine", "status", "metric"),
    [(PASS, "SUCCEEDED", "ExecutionsSucceeded"), (FAIL, "FAILED", "ExecutionsFailed")],
)
def test_start_and_end_are_announced_and_counted(
    states: Interpreted, machine: dict[str, Any], status: str, metric: str
) -> None:
    states.run(machine)
    assert ["RUNNING", status] == [event["status"] for event in states.telemetry.events]
    expected = [("ExecutionsStarted", MACHINE_ARN), (metric, MACHINE_ARN)]
    assert expected == states.telemetry.counts


def test_event_of_a_failure_has_error_and_cause_and_no_output(states: Interpreted) -> None:
    states.run(FAIL, {"a": 1})
    event = states.telemetry.events[-1]

    assert {
        "error": "Broken",
        "cause": "It is.",
        "input": '{"a": 1}',
        "output": None,
        "redriveStatus": "REDRIVABLE",
    } == {name: event[name] for name in ("error", "cause", "input", "output", "redriveStatus")}


def test_event_of_a_stopped_execution_has_neither_error_nor_cause(states: Interpreted) -> None:
    states.interpreter.wait_scale = 1
    waiting = {"Only": {"Type": "Wait", "Seconds": 99, "End": True}}
    execution = states.interpreter.start(states.put(waiting))
    states.interpreter.stop(execution, "MyError", "Because.")
    event = states.telemetry.events[-1]

    assert "ABORTED" == event["status"]
    assert event["error"] is None
    assert event["cause"] is None


def test_input_that_is_too_large_for_an_event_is_omitted(states: Interpreted) -> None:
    states.run(PASS, {"text": "x" * 250 * 1024})
    event = states.telemetry.events[-1]
    assert event["input"] is None
    assert {"included": False} == event["inputDetails"]
