"""A task that starts an execution, and waits for its end."""

import json
import time
from typing import Any

import pytest

from localcloud.stepfunctions.executions import Execution
from localcloud.tests.unit.stepfunctions.conftest import MACHINE_ARN, SECONDS, Interpreted

INNER_ARN = MACHINE_ARN.removesuffix("machine") + "inner"
RESOURCE = "arn:aws:states:::states:startExecution.sync:2"
START = {
    "Type": "Task",
    "Resource": RESOURCE,
    "Arguments": {"StateMachineArn": INNER_ARN, "Input": {"number": 1}},
    "End": True,
}
FAIL = {"Type": "Fail", "Error": "BadError", "Cause": "It is bad."}


def inner(states: Interpreted) -> list[Execution]:
    return states.app.store.executions_of(INNER_ARN)


def test_nested_execution_returns_its_output_as_json(states: Interpreted) -> None:
    only = {"Type": "Pass", "Output": {"sum": "{% $states.input.number + 1 %}"}, "End": True}
    states.put({"Only": only}, "inner")
    assert {"sum": 2} == states.output({"Start": START})["Output"]


def test_nested_execution_without_version_returns_its_output_as_text(states: Interpreted) -> None:
    states.put({"Only": {"Type": "Pass", "Output": {"sum": 2}, "End": True}}, "inner")
    resource = RESOURCE.removesuffix(":2")
    assert '{"sum":2}' == states.output({"Start": {**START, "Resource": resource}})["Output"]


def test_nested_execution_without_sync_is_not_waited_for(states: Interpreted) -> None:
    states.interpreter.wait_scale = 1
    states.put({"Only": {"Type": "Wait", "Seconds": 99, "End": True}}, "inner")
    resource = RESOURCE.removesuffix(".sync:2")
    output = states.output({"Start": {**START, "Resource": resource}})
    [started] = inner(states)

    assert started.arn == output["ExecutionArn"]
    assert started.is_running
    states.interpreter.stop(started)


def test_failure_of_nested_execution_is_a_failed_task_with_its_error_in_the_cause(
    states: Interpreted,
) -> None:
    states.put({"Only": FAIL}, "inner")
    execution = states.run({"Start": START})
    cause = json.loads(execution.cause or "")

    assert "States.TaskFailed" == execution.error
    assert {"Error": "BadError", "Cause": "It is bad."} == {
        key: cause[key] for key in ("Error", "Cause")
    }


SYNC = {**START, "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution"}


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (
            {"Type": "Pass", "Output": {"sum": 2}, "End": True},
            {"Status": "SUCCEEDED", "Output": '{"sum":2}'},
        ),
        (FAIL, {"Status": "FAILED", "Error": "BadError", "Cause": "It is bad."}),
    ],
)
def test_synchronous_express_execution_returns_success_and_failure(
    states: Interpreted, only: dict[str, Any], expected: dict[str, str]
) -> None:
    states.put({"Only": only}, "inner", kind="EXPRESS")
    output = states.output({"Start": SYNC})
    assert expected == {name: output[name] for name in expected}


def test_only_an_express_execution_can_be_synchronous(states: Interpreted) -> None:
    states.put({"Only": FAIL}, "inner")
    assert "Sfn.StateMachineTypeNotSupportedException" == states.run({"Start": SYNC}).error
    assert [] == inner(states)


def test_synchronous_execution_that_the_role_may_not_start_is_denied(states: Interpreted) -> None:
    states.put({"Only": FAIL}, "inner", kind="EXPRESS")
    states.services.denied.add("states:StartSyncExecution")
    assert "Sfn.SfnException" == states.run({"Start": SYNC}).error


def test_end_of_nested_execution_is_announced(states: Interpreted) -> None:
    states.put({"Only": FAIL}, "inner")
    states.run({"Start": START})
    announced = states.telemetry.events
    found = [one["status"] for one in announced if one["stateMachineArn"] == INNER_ARN]
    assert ["RUNNING", "FAILED"] == found


def test_nested_execution_that_the_role_may_not_start_is_denied(states: Interpreted) -> None:
    states.put({"Only": FAIL}, "inner")
    states.services.denied.add("states:StartExecution")
    assert "StepFunctions.AWSStepFunctionsException" == states.run({"Start": START}).error
    assert [] == inner(states)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"StateMachineArn": INNER_ARN}, "StepFunctions.StateMachineDoesNotExistException"),
        (
            {"StateMachineArn": MACHINE_ARN, "Input": "{"},
            "StepFunctions.InvalidExecutionInputException",
        ),
    ],
)
def test_nested_execution_that_cannot_start_names_the_reason(
    states: Interpreted, arguments: dict[str, Any], error: str
) -> None:
    assert error == states.run({"Start": {**START, "Arguments": arguments}}).error


def test_stop_reaches_the_nested_execution(states: Interpreted) -> None:
    states.interpreter.wait_scale = 1
    states.put({"Only": {"Type": "Wait", "Seconds": 99, "End": True}}, "inner")
    execution = states.interpreter.start(states.put({"Start": START}))
    deadline = time.monotonic() + SECONDS

    while not inner(states):
        assert time.monotonic() < deadline
        time.sleep(0.001)

    states.interpreter.stop(execution)
    [started] = inner(states)

    assert started.ended.wait(SECONDS)
    assert "ABORTED" == started.status
