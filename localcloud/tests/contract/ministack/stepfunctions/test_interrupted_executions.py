"""What was running when the server ended starts again, under its own name and with its own input."""

import json
import time
from typing import Any

import pytest
from ministack.services import stepfunctions

from localcloud.ministack.stepfunctions.interrupted_executions import restart_interrupted
from localcloud.tests.contract.conftest import STATE_MACHINE_ARN

ARN = "arn:aws:states:us-east-1:000000000000:execution:machine:one"


@pytest.fixture
def interrupted(ministack: Any) -> None:
    """An execution as it is in a state that was written while it ran, after MiniStack has read it."""
    ministack.put_role()
    ministack.put_state_machine({"Only": {"Type": "Pass", "Output": "{% $states.input.key %}", "End": True}})
    request = {"stateMachineArn": STATE_MACHINE_ARN, "name": "one", "input": json.dumps({"key": "uploads/a.png"})}
    assert 200 == stepfunctions._start_execution(request)[0]
    wait_for_end()
    running = stepfunctions._executions[ARN] | {"status": "RUNNING", "output": None}
    stepfunctions._restore_state({"executions": {ARN: running}})


def wait_for_end() -> None:
    deadline = time.monotonic() + 10
    while stepfunctions._executions[ARN]["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_interrupted_execution_is_what_ministack_calls_it(interrupted: None) -> None:
    record = stepfunctions._executions[ARN]
    assert "FAILED" == record["status"]
    assert "States.ServiceRestart" == record["error"]


def test_interrupted_execution_ends_as_if_nothing_had_happened(interrupted: None) -> None:
    assert 1 == restart_interrupted()
    wait_for_end()
    record = stepfunctions._executions[ARN]
    assert "SUCCEEDED" == record["status"]
    assert '"uploads/a.png"' == record["output"]


def test_execution_of_a_deleted_workflow_stays_failed(interrupted: None) -> None:
    stepfunctions._state_machines.clear()
    restart_interrupted()
    assert "FAILED" == stepfunctions._executions[ARN]["status"]


def test_nothing_interrupted_starts_nothing(ministack: Any) -> None:
    assert 0 == restart_interrupted()
