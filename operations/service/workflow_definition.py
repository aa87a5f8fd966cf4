"""The workflow definitions: which states an image passes."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from cli.template import ROOT

type State = Mapping[str, Any]


def read_definition(name: str) -> dict[str, Any]:
    """Return a workflow's definition before substitution, by its file name in statemachine/."""
    path = ROOT / f"statemachine/{name}.asl.json"
    definition: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return definition


def function_tasks(definition: Mapping[str, Any]) -> set[str]:
    """Return the names of the states that invoke a Lambda function."""
    states: Mapping[str, State] = definition["States"]
    return {name for name, state in states.items() if calls(state, "lambda:invoke")}


def calls(state: State, integration: str) -> bool:
    """Tell whether a state calls a service by an integration, such as "events:putEvents"."""
    return str(state.get("Resource", "")).endswith(f":::{integration}")


def shortest_path(definition: Mapping[str, Any], through: set[str]) -> list[State]:
    """Return the states of the shortest way, without errors, to an end that succeeds.

    Args:
        definition: the workflow's definition.
        through: names of the states that the way must pass.

    Raises:
        ValueError: no such way exists.
    """
    states: Mapping[str, State] = definition["States"]
    ways = deque([[str(definition["StartAt"])]])
    seen = set()

    while ways:
        way = ways.popleft()
        state = states[way[-1]]
        passed = frozenset(through & set(way))
        if (way[-1], passed) in seen:
            continue

        seen.add((way[-1], passed))
        if _succeeds(state) and passed == through:
            return [states[name] for name in way]
        ways.extend([*way, name] for name in _following(state))

    raise ValueError(f"The workflow has no way to success through {sorted(through)}.")


def _succeeds(state: State) -> bool:
    return state["Type"] == "Succeed" or bool(state.get("End"))


def _following(state: State) -> Iterator[str]:
    yield from (choice["Next"] for choice in state.get("Choices", []))
    yield from (state[name] for name in ("Default", "Next") if name in state)
