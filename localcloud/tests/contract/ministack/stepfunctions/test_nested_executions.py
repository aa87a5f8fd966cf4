"""A state that starts an execution and waits for it."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from ministack.services import eventbridge, stepfunctions

from localcloud.ministack.stepfunctions.nested_executions import stop

STATE_MACHINE_ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:machine"
INNER_ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:inner"
RESOURCE = "arn:aws:states:::states:startExecution.sync:2"
START = {
    "Type": "Task",
    "Resource": RESOURCE,
    "Arguments": {"StateMachineArn": INNER_ARN, "Input": {"number": 1}},
    "End": True,
}
FAIL = {"Type": "Fail", "Error": "BadError", "Cause": "It is bad."}


def _put_inner(ministack: Any, state: Mapping[str, Any]) -> None:
    ministack.put_role()
    definition = {"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": state}}
    role = "arn:aws:iam::000000000000:role/actor"
    stepfunctions._create_state_machine({"name": "inner", "definition": json.dumps(definition), "roleArn": role})


def _inner() -> list[dict[str, Any]]:
    return [it for it in stepfunctions._executions.values() if it["stateMachineArn"] == INNER_ARN]


def test_nested_execution_gives_its_output_parsed(ministack: Any) -> None:
    _put_inner(ministack, {"Type": "Pass", "Output": {"sum": "{% $states.input.number + 1 %}"}, "End": True})
    assert {"sum": 2} == ministack.run({"Start": START}).output["Output"]


def test_nested_execution_without_version_gives_its_output_as_text(ministack: Any) -> None:
    _put_inner(ministack, {"Type": "Pass", "Output": {"sum": 2}, "End": True})
    resource = RESOURCE.removesuffix(":2")
    assert '{"sum": 2}' == ministack.run({"Start": {**START, "Resource": resource}}).output["Output"]


def test_failure_of_nested_execution_is_a_failed_task_with_its_error_in_the_cause(ministack: Any) -> None:
    _put_inner(ministack, FAIL)
    execution = ministack.run({"Start": START})
    cause = json.loads(execution.cause)
    assert "States.TaskFailed" == execution.error
    assert "BadError" == cause["Error"]
    assert "It is bad." == cause["Cause"]


def test_end_of_nested_execution_is_announced(ministack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    announced: list[str] = []
    monkeypatch.setattr(
        eventbridge,
        "_put_events",
        lambda data, **_: announced.append(json.loads(data["Entries"][0]["Detail"])["status"]),
    )
    _put_inner(ministack, FAIL)
    ministack.run({"Start": START})
    assert ["RUNNING", "FAILED"] == announced


def test_nested_execution_that_the_role_may_not_start_is_denied(ministack: Any) -> None:
    _put_inner(ministack, FAIL)
    ministack.put_role([{"Effect": "Allow", "Action": "states:StartExecution", "Resource": INNER_ARN + "-other"}])
    assert "StepFunctions.AWSStepFunctionsException" == ministack.run({"Start": START}).error
    assert [] == _inner()


def test_nested_execution_of_a_missing_workflow_names_what_is_missing(ministack: Any) -> None:
    assert "StepFunctions.StateMachineDoesNotExistException" == ministack.run({"Start": START}).error


def test_stop_reaches_the_nested_execution(ministack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 0.1)
    _put_inner(ministack, {"Type": "Wait", "Seconds": 2, "End": True})
    ministack.put_state_machine({"Start": START})
    answer = stepfunctions._start_execution({"stateMachineArn": STATE_MACHINE_ARN})
    while not (inner := _inner()):
        time.sleep(0.01)
    stop(json.loads(answer[2])["executionArn"])
    while inner[0]["status"] == "RUNNING":
        time.sleep(0.01)
    assert "ABORTED" == inner[0]["status"]


def test_stopped_execution_does_not_fail_when_its_task_does(ministack: Any) -> None:
    execution = {"status": "ABORTED", "events": []}
    stepfunctions._fail_execution(execution, "BadError", "It is bad.")
    assert "ABORTED" == execution["status"]
