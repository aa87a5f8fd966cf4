"""No state takes or gives more than 262,144 bytes, and what exceeds them is caught by its own name only."""

from typing import Any

import pytest
from ministack.services import stepfunctions

LIMIT = 262_144
GET_ITEM = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "Arguments": {"TableName": "table"}}


def _text(bytes_with_quotes: int) -> str:
    return "x" * (bytes_with_quotes - 2)


def _pass(expression: str) -> dict[str, Any]:
    return {"Only": {"Type": "Pass", "Output": expression, "End": True}}


def _caught_by(name: str) -> list[dict[str, Any]]:
    return [{"ErrorEquals": [name], "Next": "Caught"}]


def test_output_of_exactly_the_limit_passes(ministack: Any) -> None:
    assert "SUCCEEDED" == ministack.run(_pass("{% $states.input.text %}"), {"text": _text(LIMIT - 100)}).status


def test_output_is_measured_as_utf8_not_as_escapes(ministack: Any) -> None:
    # 60,000 times "é": 120,000 bytes of UTF-8, 360,000 characters of JSON with escapes.
    assert "SUCCEEDED" == ministack.run(_pass("{% $states.input.text %}"), {"text": "é" * 60_000}).status


def test_half_a_character_is_measured(ministack: Any) -> None:
    # JSON can have it as an escape; it has no form in UTF-8, and would end the execution with an error of Python.
    text = "\ud800" + "é" * 60_000
    assert "SUCCEEDED" == ministack.run(_pass("{% $length($states.input.text) %}"), {"text": text}).status


def test_output_above_the_limit_ends_the_execution(ministack: Any) -> None:
    doubled = ministack.run(_pass("{% $states.input.text & $states.input.text %}"), {"text": _text(LIMIT // 2 + 10)})
    assert "States.DataLimitExceeded" == doubled.error


def test_task_arguments_above_the_limit_are_refused_before_the_call(ministack: Any) -> None:
    task = {**GET_ITEM, "Arguments": {"TableName": "{% $states.input.text & $states.input.text %}"}, "End": True}
    assert "States.DataLimitExceeded" == ministack.run({"Get": task}, {"text": _text(LIMIT // 2 + 10)}).error


@pytest.mark.parametrize(("name", "status"), [("States.DataLimitExceeded", "SUCCEEDED"), ("States.ALL", "FAILED")])
def test_task_result_above_the_limit_is_caught_by_its_own_name_only(
    ministack: Any, monkeypatch: pytest.MonkeyPatch, name: str, status: str
) -> None:
    monkeypatch.setattr(stepfunctions, "_invoke_dynamodb", lambda _operation, _input: {"Item": _text(LIMIT)})
    states = {"Get": {**GET_ITEM, "Catch": _caught_by(name), "End": True}, "Caught": {"Type": "Succeed"}}
    assert status == ministack.run(states).status


def test_runtime_error_is_caught_by_nothing(ministack: Any) -> None:
    task = {**GET_ITEM, "Resource": "arn:aws:states:::nothing:known", "Catch": _caught_by("States.ALL"), "End": True}
    assert "States.Runtime" == ministack.run({"Call": task, "Caught": {"Type": "Succeed"}}).error


def test_history_holds_every_payload(ministack: Any) -> None:
    ministack.run(_pass("{% $states.input.text & '!' %}"), {"text": "hello"})
    (execution,) = stepfunctions._executions.values()
    details = [details for event in execution["events"] for details in event.values() if isinstance(details, dict)]
    payloads = [payload[key] for payload in details for key in ("input", "output") if key in payload]
    assert ['{"text": "hello"}', '{"text": "hello"}', '"hello!"', '"hello!"'] == payloads
