"""Repeated parts of the definitions are generated from repeated.toml."""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from statemachine import repeated
from statemachine.repeated import FOLDER, UnknownStateError, layout, read_source, written
from tests.contract.recordings.workflows import names
from tests.security.gate.workflows import states as states_of

# Fields in which states that do the same may differ: where they lead, and why they are there.
ROUTING = {"Comment", "Catch", "Next", "End", "Label"}


@pytest.mark.parametrize("definition", names())
def test_definition_is_as_it_is_generated(definition: str) -> None:
    text = (FOLDER / f"{definition}.asl.json").read_text(encoding="utf-8")
    assert written(definition) == text, "Change repeated.toml, and run `make definitions`."


def copies() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_source()["copies"]
    return found


def test_no_state_is_written_twice_by_hand(definitions: dict[str, dict[str, Any]]) -> None:
    alike = defaultdict(list)
    for where, state in states_of(definitions):
        if state["Type"] in ("Task", "Map", "Pass", "Choice"):
            alike[json.dumps(without(state, ROUTING | {"Retry"}))].append(where.rpartition(": ")[2])

    generated = [{copy["of"], copy["state"]} for copy in copies()]
    generated += [{old, new} for copy in copies() for old, new in copy.get("names", {}).items()]
    twice = [set(found) for found in alike.values() if len(found) > 1]
    assert [] == [found for found in twice if found not in generated]


def without(state: Mapping[str, Any], fields: set[str]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name not in fields}


def test_every_retry_list_is_generated(definitions: dict[str, dict[str, Any]]) -> None:
    named = {name for states in read_source()["retries"].values() for name in states}
    named |= {copy["state"] for copy in copies()}
    named |= {new for copy in copies() for new in copy.get("names", {}).values()}
    retrying = {
        where.rpartition(": ")[2] for where, state in states_of(definitions) if "Retry" in state
    }
    assert set() == retrying - named


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one definition of two states."""
    states = {
        "A": {"Type": "Task", "Next": "B"},
        "B": {"Type": "Task", "Comment": "Own.", "End": True},
    }
    (tmp_path / "work.asl.json").write_text(json.dumps({"StartAt": "A", "States": states}))
    monkeypatch.setattr(repeated, "FOLDER", tmp_path)
    monkeypatch.setattr(repeated, "SOURCE", tmp_path / "repeated.toml")
    return tmp_path


SOURCE = """
errors = {{group = ["X.One", "X.Two"]}}
waits = {{short = {{IntervalSeconds = 1}}}}
retries = {{work = {{"{state}" = [{{errors = ["group", "OwnError"], waits = "short"}}]}}}}
copies = [{{definition = "work", state = "B", of = "A", own = ["Comment", "Next", "End"]}}]
"""


def test_group_of_errors_is_written_out_and_copied(folder: Path) -> None:
    (folder / "repeated.toml").write_text(SOURCE.format(state="A"))
    states = json.loads(written("work"))["States"]
    retrier = {
        "ErrorEquals": ["X.One", "X.Two", "OwnError"],
        "IntervalSeconds": 1,
        "JitterStrategy": "FULL",
    }
    assert {"Type": "Task", "Retry": [retrier], "Next": "B"} == states["A"]
    assert {"Type": "Task", "Comment": "Own.", "Retry": [retrier], "End": True} == states["B"]


def test_state_that_a_definition_lacks_is_reported_with_its_name(folder: Path) -> None:
    (folder / "repeated.toml").write_text(SOURCE.format(state="C"))
    with pytest.raises(UnknownStateError, match="work has no state 'C'"):
        written("work")


def test_value_stays_on_one_line_only_if_it_fits() -> None:
    assert '{\n  "a": {"b": [1, 2]}\n}' == layout({"a": {"b": [1, 2]}})
    assert f'{{\n  "a": [\n    "{"x" * 90}"\n  ]\n}}' == layout({"a": ["x" * 90]})
