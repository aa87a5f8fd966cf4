"""Read a definition as machines and states, also inside maps and branches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

JSONATA = "JSONata"
JSONPATH = "JSONPath"

type Places = Iterator[tuple[str, str]]  # the path and the message of each violation


@dataclass(frozen=True)
class Finding:
    """A reason to refuse a definition.

    `code` is the diagnostic code of AWS's ValidateStateMachineDefinition. `path` has AWS's format,
    as /States/Classify list/ItemProcessor/States/Classify listed image/Next.
    """

    code: str
    path: str
    message: str
    rule: str


@dataclass(frozen=True)
class State:
    """A state and its query language."""

    name: str
    path: str
    type: object
    language: object
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Machine:
    """The definition, a map's processor or a branch: StartAt and its States."""

    path: str
    fields: Mapping[str, Any]
    states: tuple[State, ...]


@dataclass(frozen=True)
class Workflow:
    """All machines of a definition, the outer machine first."""

    machines: tuple[Machine, ...]
    express: bool

    @property
    def states(self) -> Iterator[State]:
        """Yield the states of all machines."""
        for machine in self.machines:
            yield from machine.states

    @property
    def language(self) -> object:
        """Return the query language of states without their own; maps do not change it."""
        return self.machines[0].fields.get("QueryLanguage", JSONPATH)


def read(definition: Mapping[str, Any], express: bool) -> Workflow:
    """Return the machines and states of a definition, without parts of a wrong JSON type."""
    language = definition.get("QueryLanguage", JSONPATH)
    return Workflow(tuple(_machines("", definition, language)), express)


def objects(path: str, value: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the objects of a JSON array, each with its path."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield f"{path}[{index}]", item


def nested(state: State) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the machines inside a state, each with its path."""
    for field in ("ItemProcessor", "Iterator"):
        if isinstance(state.fields.get(field), dict):
            yield f"{state.path}/{field}", state.fields[field]

    yield from objects(f"{state.path}/Branches", state.fields.get("Branches"))


def _machines(path: str, fields: Mapping[str, Any], language: object) -> Iterator[Machine]:
    found = fields.get("States")
    states = tuple(
        State(
            name,
            f"{path}/States/{name}",
            state.get("Type"),
            state.get("QueryLanguage", language),
            state,
        )
        for name, state in (found.items() if isinstance(found, dict) else ())
        if isinstance(state, dict)
    )
    yield Machine(path, fields, states)

    for state in states:
        for inner, machine in nested(state):
            yield from _machines(inner, machine, language)
