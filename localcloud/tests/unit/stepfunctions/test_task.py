"""Task states: calls, time limits, retries, catchers and size limits."""

import threading
from typing import Any

import pytest

from localcloud.stepfunctions.errors import StateError
from localcloud.stepfunctions.retries import delay_seconds, matches
from localcloud.tests.unit.stepfunctions.conftest import Interpreted, kinds

LIMIT = 262_144
GET_ITEM = {
    "Type": "Task",
    "Resource": "arn:aws:states:::dynamodb:getItem",
    "Arguments": {"TableName": "t"},
}
FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


def task(**fields: Any) -> dict[str, Any]:
    return {"Call": {**GET_ITEM, "End": True, **fields}}


def caught_by(name: str) -> dict[str, Any]:
    catch = [{"ErrorEquals": [name], "Next": "Caught"}]
    return {**task(Catch=catch), "Caught": {"Type": "Succeed"}}


def text(bytes_with_quotes: int) -> str:
    return "x" * (bytes_with_quotes - 2)


def fails(states: Interpreted, error: str | None = "BusyError", cause: str = "It is busy.") -> None:
    def fail(_arguments: object) -> None:
        raise StateError(error, cause)

    states.services.operations["GetItem"] = fail


def answers(states: Interpreted, result: Any) -> None:
    states.services.operations["GetItem"] = lambda _arguments: result


def test_result_of_the_call_is_the_output(states: Interpreted) -> None:
    answers(states, {"Item": 1})
    assert {"Item": 1} == states.output(task())


def test_call_gets_the_evaluated_arguments(states: Interpreted) -> None:
    answers(states, {})
    states.run(task(Arguments={"TableName": "{% $states.input.table %}"}), {"table": "results"})
    assert [("GetItem", {"TableName": "results"})] == states.services.calls


def test_output_and_assign_see_the_result(states: Interpreted) -> None:
    answers(states, {"Item": 1})
    first = {
        **GET_ITEM,
        "Output": "{% $states.result.Item + 1 %}",
        "Assign": {"raw": "{% $states.result %}"},
    }
    last = {"Type": "Pass", "Output": "{% [$states.input, $raw] %}", "End": True}

    assert [2, {"Item": 1}] == states.output({"First": {**first, "Next": "Last"}, "Last": last})


def test_slow_task_ends_with_a_timeout(states: Interpreted) -> None:
    release = threading.Event()
    states.services.operations["GetItem"] = lambda _arguments: release.wait()
    execution = states.run(task(TimeoutSeconds="{% 0.01 %}"))
    release.set()
    assert "States.Timeout" == execution.error
    assert "TaskTimedOut" in kinds(execution)


@pytest.mark.parametrize("seconds", ["{% 'two' %}", "{% 0 %}"])
def test_time_limit_that_is_not_positive_fails(states: Interpreted, seconds: str) -> None:
    assert "States.QueryEvaluationError" == states.run(task(TimeoutSeconds=seconds)).error


def test_function_arn_as_resource_gets_the_arguments(states: Interpreted) -> None:
    states.services.operations["Invoke"] = lambda arguments: {"got": arguments}
    execution = states.run(task(Resource=FUNCTION_ARN, Arguments={"a": 1}))
    assert '{"got":{"a":1}}' == execution.output
    assert "LambdaFunctionSucceeded" in kinds(execution)


def test_every_attempt_is_scheduled_started_and_ended(states: Interpreted) -> None:
    fails(states)
    retry = [{"ErrorEquals": ["BusyError"], "MaxAttempts": 1}]
    found = [kind for kind in kinds(states.run(task(Retry=retry))) if kind.startswith("Task")]
    attempt = ["TaskScheduled", "TaskStarted", "TaskFailed"]
    assert ["TaskStateEntered", *attempt, *attempt] == found


@pytest.mark.parametrize(
    ("retrier", "expected"),
    [
        ({"IntervalSeconds": 2, "BackoffRate": 2, "MaxDelaySeconds": 5}, [2, 4, 5, 5]),
        ({}, [1, 2, 4, 8]),
        ({"MaxAttempts": 0}, []),
    ],
)
def test_retry_waits_as_long_as_documented(
    states: Interpreted,
    monkeypatch: pytest.MonkeyPatch,
    retrier: dict[str, int],
    expected: list[float],
) -> None:
    slept = states.record_pauses(monkeypatch)
    fails(states)
    states.run(task(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 4, **retrier}]))
    assert expected == slept


def test_first_retrier_that_matches_decides(
    states: Interpreted, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept = states.record_pauses(monkeypatch)
    fails(states)
    named = {"ErrorEquals": ["BusyError"], "MaxAttempts": 1, "IntervalSeconds": 7}
    states.run(task(Retry=[named, {"ErrorEquals": ["States.ALL"]}]))
    assert [7] == slept


def test_retry_count_is_in_the_context_of_each_attempt(states: Interpreted) -> None:
    fails(states)
    arguments = {"retries": "{% $states.context.State.RetryCount %}"}
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
    states.run(task(Arguments=arguments, Retry=retry))
    assert [0, 1, 2] == [given["retries"] for _, given in states.services.calls]


def test_delay_with_full_jitter_draws_up_to_the_capped_delay() -> None:
    retrier = {
        "IntervalSeconds": 3,
        "BackoffRate": 3,
        "MaxDelaySeconds": 20,
        "JitterStrategy": "FULL",
    }
    assert 20 == delay_seconds(retrier, 2, uniform=lambda _low, high: high)
    assert 0 == delay_seconds(retrier, 2, uniform=lambda low, _high: low)


@pytest.mark.parametrize(
    ("expected", "names", "error"),
    [
        (True, ["BusyError"], "BusyError"),
        (False, ["OtherError"], "BusyError"),
        (True, ["States.ALL"], "BusyError"),
        (True, ["States.ALL"], None),
        (True, ["States.TaskFailed"], "BusyError"),
        (False, ["States.TaskFailed"], "States.Timeout"),
        (False, ["States.ALL"], "States.DataLimitExceeded"),
        (True, ["States.DataLimitExceeded"], "States.DataLimitExceeded"),
        (False, ["States.ALL"], "States.Runtime"),
        (False, ["States.Runtime"], "States.Runtime"),
    ],
)
def test_rule_matches_an_error_by_its_names(
    expected: bool, names: list[str], error: str | None
) -> None:
    assert expected == matches({"ErrorEquals": names}, error)


def test_catcher_gives_error_and_cause_to_the_next_state(states: Interpreted) -> None:
    fails(states)
    assert {"Error": "BusyError", "Cause": "It is busy."} == states.output(caught_by("BusyError"))


def test_catcher_has_its_own_output_and_assign(states: Interpreted) -> None:
    fails(states)
    catcher = {
        "ErrorEquals": ["States.ALL"],
        "Output": "{% $states.errorOutput.Cause %}",
        "Assign": {"error": "{% $states.errorOutput.Error %}"},
        "Next": "Caught",
    }
    caught = {"Type": "Succeed", "Output": "{% [$states.input, $error] %}"}

    assert ["It is busy.", "BusyError"] == states.output(
        {**task(Catch=[catcher]), "Caught": caught}
    )


def test_evaluation_that_fails_after_the_call_can_be_caught(states: Interpreted) -> None:
    answers(states, {})
    machine = caught_by("States.QueryEvaluationError")
    machine["Call"] |= {"Output": "{% $states.result.none %}"}
    assert "SUCCEEDED" == states.run(machine).status


def test_output_of_exactly_the_limit_passes(states: Interpreted) -> None:
    only = {"Type": "Pass", "Output": "{% $states.input.text %}", "End": True}
    assert "SUCCEEDED" == states.run({"Only": only}, {"text": text(LIMIT - 100)}).status


def test_output_is_measured_as_utf8_not_as_escapes(states: Interpreted) -> None:
    # 60,000 times "é": 120,000 bytes of UTF-8, 360,000 characters of JSON with escapes.
    only = {"Type": "Pass", "Output": "{% $states.input.text %}", "End": True}
    assert "SUCCEEDED" == states.run({"Only": only}, {"text": "é" * 60_000}).status


def test_lone_surrogate_is_measured(states: Interpreted) -> None:
    # JSON can escape a lone surrogate, which UTF-8 cannot encode.
    only = {"Type": "Pass", "Output": "{% $length($states.input.text) %}", "End": True}
    assert "SUCCEEDED" == states.run({"Only": only}, {"text": "\ud800" + "é" * 70_000}).status


def test_output_above_the_limit_ends_the_execution(states: Interpreted) -> None:
    only = {"Type": "Pass", "Output": "{% $states.input.text & $states.input.text %}", "End": True}
    execution = states.run({"Only": only}, {"text": text(LIMIT // 2 + 10)})
    assert "States.DataLimitExceeded" == execution.error


def test_input_above_the_limit_ends_the_execution(states: Interpreted) -> None:
    execution = states.run({"Only": {"Type": "Pass", "End": True}}, {"text": text(LIMIT)})
    assert "States.DataLimitExceeded" == execution.error


def test_input_above_the_limit_is_refused_before_the_call(states: Interpreted) -> None:
    execution = states.run(task(Output="small"), {"text": text(LIMIT)})
    assert "States.DataLimitExceeded" == execution.error
    assert [] == states.services.calls


def test_arguments_above_the_limit_are_refused_before_the_call(states: Interpreted) -> None:
    arguments = {"TableName": "{% $states.input.text & $states.input.text %}"}
    execution = states.run(task(Arguments=arguments), {"text": text(LIMIT // 2 + 10)})
    assert "States.DataLimitExceeded" == execution.error
    assert [] == states.services.calls


@pytest.mark.parametrize(
    ("name", "status"), [("States.DataLimitExceeded", "SUCCEEDED"), ("States.ALL", "FAILED")]
)
def test_result_above_the_limit_is_caught_only_by_its_error_name(
    states: Interpreted, name: str, status: str
) -> None:
    answers(states, {"Item": text(LIMIT)})
    assert status == states.run(caught_by(name)).status


def test_runtime_error_is_never_caught(states: Interpreted) -> None:
    fails(states, "States.Runtime")
    assert "States.Runtime" == states.run(caught_by("States.ALL")).error


def test_defect_of_a_service_ends_the_execution_as_a_runtime_error(states: Interpreted) -> None:
    def fail(_arguments: object) -> None:
        raise ValueError("Exceeds the limit (4300 digits)")

    states.services.operations["GetItem"] = fail
    execution = states.run(caught_by("States.ALL"))
    assert "States.Runtime" == execution.error
    assert "ValueError: Exceeds the limit (4300 digits)" == execution.cause
