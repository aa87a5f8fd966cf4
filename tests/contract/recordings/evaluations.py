"""Which expressions of the workflows are evaluated in which scenes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.contract.recordings.scenes import ENTRY, ERROR, ITEM, RESULT, Scene, scenes
from tests.contract.recordings.workflows import names, states, substituted

ON_RESULT = {"Assign", "Output"}
RUNNING = {"Task", "Map", "Parallel"}


class Evaluation(NamedTuple):
    """An expression without its marks, in a scene."""

    expression: str
    scene: Scene


def evaluations() -> Iterator[Evaluation]:
    """Yield every expression of every workflow with every scene that it can see, each once."""
    machines = {workflow: dict(states(substituted(workflow))) for workflow in names()}
    seen = set[tuple[str, str]]()
    for scene in scenes():
        for name in scene.states:
            state = _reached(machines[scene.workflow].get(name, {}), scene.conditions)
            for expression in expressions(state, scene.moment):
                if (expression, scene.title) not in seen:
                    seen.add((expression, scene.title))
                    yield Evaluation(expression, scene)


def _reached(state: dict[str, Any], conditions: int | None) -> dict[str, Any]:
    """Return a state without the conditions of a Choice that are not evaluated any more."""
    return {**state, "Choices": state["Choices"][:conditions]} if "Choices" in state else state


def expressions(state: dict[str, Any], moment: str) -> Iterator[str]:
    """Yield a state's expressions that are evaluated at a moment, without their marks."""
    for field, value in state.items():
        if field == "ItemProcessor":
            continue
        if field in ON_RESULT and state["Type"] in RUNNING:
            when = RESULT
        else:
            when = {"Catch": ERROR, "ItemSelector": ITEM}.get(field, ENTRY)
        if when == moment:
            yield from _in(value)


def _in(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("{%"):
        yield value[2:-2].strip()
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _in(item)
