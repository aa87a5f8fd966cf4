"""Whatever is raised in an execution, it ends."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from ministack.services import eventbridge, stepfunctions

from localcloud.tests.contract.conftest import STATE_MACHINE_ARN, MiniStackInProcess

PASS = {"Only": {"Type": "Pass", "End": True}}


def _started(text: str) -> dict[str, Any]:
    """Start an execution with this input, and return its record when it has ended."""
    answer = stepfunctions._start_execution({"stateMachineArn": STATE_MACHINE_ARN, "input": text})
    assert 200 == answer[0]
    record: dict[str, Any] = stepfunctions._executions[json.loads(answer[2])["executionArn"]]
    _until(lambda: record["stopDate"])
    return record


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "did not happen within 10 seconds"
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def machine(ministack: MiniStackInProcess) -> None:
    ministack.put_role()
    ministack.put_state_machine(PASS)


@pytest.mark.parametrize("text", ["9" * 5000, '{"a": [' + "9" * 5000 + "]}", "[" * 100_000 + "]" * 100_000])
def test_execution_whose_input_python_cannot_read_fails(text: str) -> None:
    record = _started(text)
    assert "FAILED" == record["status"]
    assert "States.Runtime" == record["error"]


def test_failure_of_an_execution_that_python_cannot_read_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    announced: list[str] = []

    def note(data: Any, **_options: Any) -> None:
        announced.append(json.loads(data["Entries"][0]["Detail"])["status"])

    monkeypatch.setattr(eventbridge, "_put_events", note)
    _started("9" * 5000)
    _until(lambda: len(announced) > 1)
    assert ["RUNNING", "FAILED"] == announced


def test_execution_whose_failure_cannot_be_announced_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise ValueError("no event")

    monkeypatch.setattr(stepfunctions, "_fail_execution", fail)
    record = _started("9" * 5000)
    assert "FAILED" == record["status"]
    assert "States.Runtime" == record["error"]


def test_child_of_a_map_that_raises_an_unexpected_error_fails(
    ministack: MiniStackInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise ValueError("Exceeds the limit (4300 digits)")

    stepfunctions._state_machines.clear()
    monkeypatch.setattr(stepfunctions, "_run_sub_machine", fail)
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Only",
        "States": PASS,
    }
    ministack.run({"Map": {"Type": "Map", "Label": "all", "Items": [1], "ItemProcessor": processor, "End": True}})
    children = [it for it in stepfunctions._executions.values() if it.get("mapRunArn")]
    assert children
    for child in children:
        assert "FAILED" == child["status"]
        assert "States.Runtime" == child["error"]
