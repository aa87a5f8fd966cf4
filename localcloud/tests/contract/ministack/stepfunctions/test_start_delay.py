"""An execution begins at once."""

from typing import Any

import pytest
from ministack.services import stepfunctions


def test_execution_without_wait_states_never_sleeps(ministack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(stepfunctions.time, "sleep", slept.append)
    ministack.run({"Only": {"Type": "Pass", "End": True}})
    assert 0 == sum(slept)
