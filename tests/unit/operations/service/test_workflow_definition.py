"""The shortest way through a workflow, without errors."""

from typing import Any

import pytest

from operations.service.workflow_definition import shortest_path


def workflow(**states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "start", "States": states}


def names(definition: dict[str, Any], *through: str) -> list[str]:
    numbered = {id(state): name for name, state in definition["States"].items()}
    return [numbered[id(state)] for state in shortest_path(definition, set(through))]


END = {"Type": "Succeed"}


def test_path_passes_the_required_states() -> None:
    definition = workflow(
        start={"Type": "Choice", "Choices": [{"Next": "end"}], "Default": "work"},
        work={"Type": "Task", "Next": "start"},
        end=END,
    )
    assert ["start", "end"] == names(definition)
    assert ["start", "work", "start", "end"] == names(definition, "work")


def test_path_avoids_errors_and_failures() -> None:
    definition = workflow(
        start={"Type": "Task", "Catch": [{"Next": "end"}], "Next": "check"},
        check={"Type": "Choice", "Choices": [{"Next": "failure"}], "Default": "last"},
        failure={"Type": "Fail"},
        last={"Type": "Pass", "End": True},
        end=END,
    )
    assert ["start", "check", "last"] == names(definition)


def test_workflow_that_cannot_succeed_is_refused() -> None:
    with pytest.raises(ValueError, match="no way to success"):
        names(workflow(start={"Type": "Fail"}))
