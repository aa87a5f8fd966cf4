"""StartExecution refuses an input that is not JSON."""

import json
from typing import Any

import pytest
from ministack.services import stepfunctions

from localcloud.tests.contract.conftest import STATE_MACHINE_ARN, MiniStackInProcess


@pytest.fixture(autouse=True)
def machine(ministack: MiniStackInProcess) -> None:
    ministack.put_role()
    ministack.put_state_machine({"Only": {"Type": "Pass", "End": True}})


@pytest.mark.parametrize("start", ["_start_execution", "_start_sync_execution"])
@pytest.mark.parametrize("text", ["", "{", "no JSON", '{"a": NaN}', "[Infinity]", "\x00", {"a": 1}, None])
def test_execution_whose_input_is_not_json_is_refused(text: Any, start: str) -> None:
    request = {"stateMachineArn": STATE_MACHINE_ARN, "input": text}
    status, _, body = getattr(stepfunctions, start)(request)
    answer = json.loads(body)
    assert 400 == status
    assert "InvalidExecutionInput" == answer["__type"]
    assert answer["message"].startswith("Invalid State Machine Execution Input: '")
    assert {} == dict(stepfunctions._executions.items())


@pytest.mark.parametrize("request_input", [{}, {"input": "null"}, {"input": '{"a": 1e400}'}])
def test_execution_whose_input_is_json_starts(request_input: dict[str, str]) -> None:
    assert 200 == stepfunctions._start_execution({"stateMachineArn": STATE_MACHINE_ARN, **request_input})[0]
