"""A history that was packed reads as before."""

import json
from typing import Any

import pytest
from ministack.services import stepfunctions

from localcloud.ministack.stepfunctions import packed_histories

STATE = {"Type": "Pass", "Output": "text " * 100, "End": True}


@pytest.fixture
def executions(ministack: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Two ended executions, of which the first is packed."""
    monkeypatch.setattr(packed_histories, "UNPACKED", 1)
    ministack.run({"Only": STATE})
    ministack.run({"Only": STATE})
    return list(stepfunctions._executions.values())


def _history(execution: dict[str, Any]) -> list[dict[str, Any]]:
    answer = stepfunctions._get_execution_history({"executionArn": execution["executionArn"]})
    events: list[dict[str, Any]] = json.loads(answer[2])["events"]
    return events


def test_history_of_an_older_execution_is_one_short_text(executions: list[dict[str, Any]]) -> None:
    older, latest = executions
    assert len(older["events"]) < len(json.dumps(latest["events"])) / 2


def test_packed_history_reads_as_one_that_is_not(executions: list[dict[str, Any]]) -> None:
    older, latest = ([{**event, "timestamp": ""} for event in _history(execution)] for execution in executions)
    assert older == latest


def test_history_that_was_read_is_packed_again(ministack: Any, executions: list[dict[str, Any]]) -> None:
    _history(executions[0])
    ministack.run({"Only": STATE})
    assert isinstance(executions[0]["events"], str)
