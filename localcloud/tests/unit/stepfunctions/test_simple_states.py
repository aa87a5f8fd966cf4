"""Pass, Choice, Wait, Succeed and Fail."""

from typing import Any

import pytest

from localcloud.tests.unit.stepfunctions.conftest import Interpreted, entered, kinds

PASS = {"Type": "Pass", "End": True}
CHOICE: dict[str, dict[str, Any]] = {
    "Which?": {
        "Type": "Choice",
        "Choices": [
            {
                "Condition": "{% $states.input.size > 3 %}",
                "Output": "large",
                "Assign": {"seen": "{% $states.input.size %}"},
                "Next": "End",
            }
        ],
        "Default": "End",
    },
    "End": {"Type": "Succeed", "Output": "{% [$states.input, $exists($seen) ? $seen : 0] %}"},
}


def fail(**fields: Any) -> dict[str, Any]:
    return {"Failed": {"Type": "Fail", **fields}}


def test_pass_without_output_returns_its_input(states: Interpreted) -> None:
    assert {"a": 1} == states.output({"Only": PASS}, {"a": 1})


def test_output_replaces_every_expression_in_a_template(states: Interpreted) -> None:
    output = {"sum": "{% $sum($states.input.n) %}", "list": ["{% $states.input.n[0] %}", "text", 7]}
    assert {"sum": 3, "list": [1, "text", 7]} == states.output(
        {"Only": {**PASS, "Output": output}}, {"n": [1, 2]}
    )


def test_null_that_a_state_parses_is_null(states: Interpreted) -> None:
    assert {"parsed": None} == states.output(
        {"Only": {**PASS, "Output": {"parsed": "{% $parse('null') %}"}}}
    )


def test_assign_sees_the_previous_variables(states: Interpreted) -> None:
    machine = {
        "Set": {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "Swap"},
        "Swap": {"Type": "Pass", "Assign": {"a": "{% $b %}", "b": "{% $a %}"}, "Next": "Show"},
        "Show": {**PASS, "Output": "{% [$a, $b] %}"},
    }
    assert [2, 1] == states.output(machine)


@pytest.mark.parametrize(
    "assign",
    [
        {"text": "{% $states.input.text & $states.input.text %}"},
        {"one": "{% $states.input.text %}", "other": "{% $states.input.text %}"},
    ],
)
def test_variables_above_the_limit_fail_the_state(
    states: Interpreted, assign: dict[str, str]
) -> None:
    execution = states.run({"Only": {**PASS, "Assign": assign}}, {"text": "x" * 140_000})
    assert "States.DataLimitExceeded" == execution.error


@pytest.mark.parametrize(("size", "expected"), [(4, ["large", 4]), (3, [{"size": 3}, 0])])
def test_choice_follows_the_first_true_rule_with_its_output_and_assign(
    states: Interpreted, size: int, expected: list[Any]
) -> None:
    assert expected == states.output(CHOICE, {"size": size})


def test_choice_without_a_match_or_default_fails(states: Interpreted) -> None:
    choice = {key: value for key, value in CHOICE["Which?"].items() if key != "Default"}
    execution = states.run({**CHOICE, "Which?": choice}, {"size": 1})
    assert "States.NoChoiceMatched" == execution.error


@pytest.mark.parametrize("condition", ["{% 1 %}", "{% 'true' %}", "{% $states.input.none %}"])
def test_condition_that_is_not_true_or_false_fails(states: Interpreted, condition: str) -> None:
    rule = {"Condition": condition, "Next": "End"}
    machine = {"Which?": {**CHOICE["Which?"], "Choices": [rule]}, "End": CHOICE["End"]}
    assert "States.QueryEvaluationError" == states.run(machine).error


@pytest.mark.parametrize("error", ["States.Timeout", "{% 'States.' & 'Timeout' %}"])
def test_fail_state_that_raises_a_reserved_name_is_a_runtime_error(
    states: Interpreted, error: str
) -> None:
    execution = states.run(fail(Error=error, Cause="It failed."))
    assert "States.Runtime" == execution.error
    assert "must not raise States.Timeout" in (execution.cause or "")


@pytest.mark.parametrize("error", ["Workflow.Timeout", "States", "MyStates.Error"])
def test_fail_state_raises_any_other_name(states: Interpreted, error: str) -> None:
    execution = states.run(fail(Error=error, Cause="{% 'It ' & 'failed.' %}"))
    assert error == execution.error
    assert "It failed." == execution.cause


def test_fail_state_without_an_error_fails(states: Interpreted) -> None:
    execution = states.run(fail())
    assert "FAILED" == execution.status
    assert execution.error is None


def test_wait_waits_for_its_seconds(states: Interpreted, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = states.record_pauses(monkeypatch)
    states.run({"Wait": {"Type": "Wait", "Seconds": "{% 3 + 4 %}", "End": True}})
    assert [7] == slept


def test_wait_waits_until_its_time(states: Interpreted, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = states.record_pauses(monkeypatch)
    states.run({"Wait": {"Type": "Wait", "Timestamp": "2020-01-01T00:00:00Z", "End": True}})
    assert slept[0] < 0


@pytest.mark.parametrize("seconds", ["{% 'two' %}", "{% 1.5 %}", "{% 0 - 1 %}"])
def test_wait_for_other_than_whole_seconds_fails(states: Interpreted, seconds: str) -> None:
    execution = states.run({"Wait": {"Type": "Wait", "Seconds": seconds, "End": True}})
    assert "States.QueryEvaluationError" == execution.error


@pytest.mark.parametrize(
    "timestamp", ["2016-12-05 21:29:29Z", "2016-13-05T21:29:29Z", "2016-12-05T21:29:29"]
)
def test_wait_until_an_invalid_time_fails(states: Interpreted, timestamp: str) -> None:
    wait = {"Type": "Wait", "Timestamp": "{% $states.input %}", "End": True}
    execution = states.run({"Wait": wait}, timestamp)
    assert "States.QueryEvaluationError" == execution.error
    assert "EvaluationFailed" in kinds(execution)


def test_failed_evaluation_is_an_event_with_field_and_state(states: Interpreted) -> None:
    execution = states.run({"Only": {**PASS, "Output": "{% $states.input.none %}"}})
    [event] = [one for one in execution.history.events if one["type"] == "EvaluationFailed"]
    details = event["evaluationFailedEventDetails"]
    assert {"location": "Output", "state": "Only"} == {
        key: details[key] for key in ("location", "state")
    }


def test_history_holds_every_payload(states: Interpreted) -> None:
    execution = states.run(
        {"Only": {**PASS, "Output": "{% $states.input.text & '!' %}"}}, {"text": "hello"}
    )
    payloads = [
        details[key]
        for event in execution.history.events
        for details in event.values()
        if isinstance(details, dict)
        for key in ("input", "output")
        if key in details
    ]

    assert ['{"text": "hello"}', '{"text": "hello"}', '"hello!"', '"hello!"'] == payloads


def test_every_state_has_its_events(states: Interpreted) -> None:
    execution = states.run(CHOICE, {"size": 1})
    assert ["Which?", "End"] == entered(execution)
    assert [
        "ExecutionStarted",
        "ChoiceStateEntered",
        "ChoiceStateExited",
        "SucceedStateEntered",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ] == kinds(execution)


def test_number_beyond_floats_is_null_in_the_text_of_an_output(states: Interpreted) -> None:
    arn = states.put({"Only": {**PASS, "Output": {"n": ["{% $states.input.n %}"]}}})
    execution = states.interpreter.start(arn, '{"n": 1e400}')
    assert execution.ended.wait(10)
    assert '{"n":[null]}' == execution.output
