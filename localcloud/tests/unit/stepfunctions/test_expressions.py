"""JSONata as Step Functions evaluates it."""

import threading
import time
from typing import Any

import pytest

from localcloud.stepfunctions.expressions import engine
from localcloud.stepfunctions.expressions.engine import EvaluationError, evaluate


def value(expression: str, given: Any = None) -> Any:
    return evaluate(expression, {"states": {"input": given}})


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ('{"name":"höhle 😀"}', {"name": "höhle 😀"}),
        ("[2,0.3,1e-7]", [2.0, 0.1 + 0.2, 1e-7]),
        ('{"a":{"b":[null,true,"\\n"]}}', {"a": {"b": [None, True, "\n"]}}),
        ('["\\ud800 \\udfff 😀"]', ["\ud800 \udfff 😀"]),
        ("2", 2.0),
        ("höhle", "höhle"),
    ],
)
def test_text_of_a_value_is_the_text_of_jsonata_2_0_6(expected: str, given: Any) -> None:
    assert expected == value("$string($states.input)", given)
    assert expected == value("'' & $states.input", given)


def test_text_without_a_value_is_the_text_of_the_context() -> None:
    assert ["1", "2"] == value("[1, 2].$string()")


@pytest.mark.parametrize(
    ("expected", "expression"),
    [
        ([[1, 2], [3]], "$partition([1..3], 2)"),
        ([1, 3, 5], "$range(1, 5.9, 2)"),
        ([3, 2], "$range(3, 2, -1)"),
        ("900150983cd24fb0d6963f7d28e17f72", "$hash('abc', 'MD5')"),
        (True, "$random(7) = $random(7)"),
        (36, "$length($uuid())"),
        ({"a": [1]}, "$parse('{\"a\": [1]}')"),
        (None, "$parse('null')"),
        (1768469402000, "$toMillis('2026-01-15T09:30:02Z')"),
        ("a-b", "'a b' ~> $replace(' ', '-')"),
        ([0, 1, 2], "[0..2]"),
    ],
)
def test_function_returns_its_documented_value(expected: Any, expression: str) -> None:
    assert expected == value(expression)


@pytest.mark.parametrize(
    ("reason", "expression"),
    [
        ("threw an error during evaluation. D3110: ", "$toMillis('2026-01-15 09:30')"),
        ("threw an error during evaluation. D1004: ", "$replace('abc', /x*/, '-')"),
        ("threw an error during evaluation. $partition needs", "$partition([1], 0)"),
        ("threw an error during evaluation. $hash needs", "$hash('abc', 'MD4')"),
        ("threw an error during evaluation. T2002: ", "1 + 'a'"),
        ("threw an error during evaluation. S0207: ", "1 +"),
        ("returned nothing (undefined).", "$states.input.none"),
    ],
)
def test_failed_evaluation_names_the_reason(reason: str, expression: str) -> None:
    for _ in range(2):
        with pytest.raises(EvaluationError) as raised:
            value(expression)
        assert str(raised.value).startswith(reason)


@pytest.mark.parametrize(
    ("place", "output"),
    [("Output", "{% $none %}"), ("Output/a[1]/b", {"a": [1, {"b": "{% $none %}"}]})],
)
def test_failure_names_state_expression_and_place_as_aws_does(
    states: Any, place: str, output: Any
) -> None:
    execution = states.run({"Only": {"Type": "Pass", "Output": output, "End": True}})
    cause = (
        "An error occurred while executing the state 'Only' (entered at the event id #2). "
        f"The JSONata expression '$none' specified for the field '{place}' "
        "returned nothing (undefined)."
    )

    assert cause == execution.cause
    details = execution.history.events[2]["evaluationFailedEventDetails"]
    assert {"cause": cause, "location": place} == {
        key: details[key] for key in ("cause", "location")
    }


def test_function_is_not_a_value_of_json(states: Any) -> None:
    only = {"Type": "Pass", "Output": {"f": "{% function($x) { $x } %}"}, "End": True}
    assert "States.QueryEvaluationError" == states.run({"Only": only}).error


def test_null_variable_is_null_and_not_undefined() -> None:
    assert evaluate("[$exists($x), $x = null]", {"x": None}) == [True, True]


def test_expression_is_parsed_once_and_evaluated_every_time() -> None:
    engine._parsed.cache_clear()
    assert [2, 6, 2] == [value("$states.input.n * 2", {"n": n}) for n in (1, 3, 1)]
    assert 1 == engine._parsed.cache_info().misses


def test_threads_evaluate_one_expression_at_once() -> None:
    results: dict[int, Any] = {}

    def work(number: int) -> None:
        for _ in range(50):
            results[number] = value("$map([1..9], function($n) { $n * $states.input })[8]", number)

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert {0: 0, 1: 9, 2: 18, 3: 27} == results


def test_evaluation_that_works_for_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_LIMIT_SECONDS", 0.02)
    with pytest.raises(EvaluationError, match="D1012"):
        value("($forever := function() { $forever() }; $forever())")


def test_evaluation_whose_thread_waits_is_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_LIMIT_SECONDS", 0.005)
    limit = engine._Limit()
    time.sleep(0.01)
    for _ in range(2 * engine._STEPS):
        limit.step()
