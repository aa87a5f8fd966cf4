"""An event that a workflow puts names the execution and its state machine."""

from collections.abc import Sequence
from typing import Any

import pytest
from ministack.services import eventbridge

from localcloud.tests.contract.conftest import STATE_MACHINE_ARN, MiniStackInProcess

EXECUTION_PREFIX = STATE_MACHINE_ARN.replace(":stateMachine:", ":execution:")
ENTRY = {"Source": "service", "DetailType": "Decided", "Detail": {}, "EventBusName": "default"}


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The entries that EventBridge received."""
    found: list[dict[str, Any]] = []
    original = eventbridge._put_events

    def remember(data: dict[str, Any]) -> Any:
        found.extend(data["Entries"])
        return original(data)

    monkeypatch.setattr(eventbridge, "_put_events", remember)

    return found


def put_events(ministack: MiniStackInProcess, entries: Sequence[dict[str, Any]]) -> str:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Arguments": {"Entries": list(entries)},
        "Output": "{% $states.context.Execution.Id %}",
        "End": True,
    }
    return str(ministack.run({"Put": task}).output)


def test_execution_and_state_machine_follow_the_resources_of_each_entry(
    ministack: MiniStackInProcess, put: list[dict[str, Any]]
) -> None:
    execution = put_events(ministack, [ENTRY, {**ENTRY, "Resources": ["arn:of:another"]}])
    assert execution.startswith(EXECUTION_PREFIX)
    own = [execution, STATE_MACHINE_ARN]
    assert [own, ["arn:of:another", *own]] == [entry["Resources"] for entry in put]
