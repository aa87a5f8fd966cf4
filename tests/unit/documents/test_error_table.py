"""Check the table of errors against the definitions."""

from pathlib import Path

import pytest

from documents.error_table import PAGE, Rule, longest_wait, rules, with_table

ROOT = Path(__file__).parents[3]
RETRIER = {
    "ErrorEquals": ["A", "B"],
    "IntervalSeconds": 2,
    "MaxAttempts": 3,
    "BackoffRate": 3,
    "MaxDelaySeconds": 10,
}


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_longest_wait_is_the_sum_of_the_capped_delays() -> None:
    assert 2 + 6 + 10 == longest_wait(RETRIER)


def test_retried_error_ends_where_it_is_caught() -> None:
    states = {
        "S": {"Retry": [RETRIER], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Explain"}]}
    }
    assert [
        Rule("S", ("A", "B"), 4, 18, "Explain"),
        Rule("S", ("States.ALL",), 1, 0, "Explain"),
    ] == list(rules(states))


def test_errors_of_one_retrier_with_different_ends_have_a_row_each() -> None:
    states = {"S": {"Retry": [RETRIER], "Catch": [{"ErrorEquals": ["B"], "Next": "Elsewhere"}]}}
    assert [("A",), ("B",)] == [rule.errors for rule in rules(states)]


def test_error_that_nothing_catches_fails_the_execution() -> None:
    [rule] = rules({"S": {"Retry": [RETRIER]}})
    assert "the execution fails" == rule.then


def test_states_inside_of_a_map_have_rows() -> None:
    states = {"Map": {"ItemProcessor": {"States": {"Inner": {"Retry": [RETRIER]}}}}}
    assert ["Inner"] == [rule.state for rule in rules(states)]


def test_table_of_the_page_agrees_with_the_definitions() -> None:
    page = PAGE.read_text()
    assert with_table(page) == page, "run: make docs"
