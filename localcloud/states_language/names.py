"""Check the names of states, labels and variables."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from localcloud.states_language.workflow import Machine, Places, Workflow, nested, objects

LONGEST_NAME = 80  # characters (specification, "States" and "State Machine Variables")
LONGEST_LABEL = 40  # characters (Step Functions, "Using Map state in Distributed mode")
_NOT_IN_LABEL = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:\x00-\x1f\x7f-\x9f]""")


def long_state_name(workflow: Workflow) -> Places:
    """Find state names that are empty or too long."""
    for state in workflow.states:
        if not 1 <= len(state.name) <= LONGEST_NAME:
            yield state.path, f"The name has {len(state.name)} characters. Use 1 to {LONGEST_NAME}."


def duplicate_state_name(workflow: Workflow) -> Places:
    """Find names that two states share, also in different maps or branches."""
    counts = Counter(state.name for state in workflow.states)
    seen = set[str]()

    for state in workflow.states:
        if counts[state.name] > 1 and state.name in seen:
            yield (
                state.path,
                f"Another state has the name {state.name!r}. Names are unique in a definition.",
            )
        seen.add(state.name)


def invalid_label(workflow: Workflow) -> Places:
    """Find labels of maps that are too long or have forbidden characters."""
    for state in workflow.states:
        label = state.fields.get("Label")
        if not isinstance(label, str):
            continue
        if not 1 <= len(label) <= LONGEST_LABEL or _NOT_IN_LABEL.search(label):
            yield (
                f"{state.path}/Label",
                f"{label!r} is not a label. Use 1 to {LONGEST_LABEL} letters, digits, - and _.",
            )


def duplicate_label(workflow: Workflow) -> Places:
    """Find labels that two maps share."""
    labelled = [state for state in workflow.states if "Label" in state.fields]
    labels = [(state.path, state.fields["Label"]) for state in labelled]
    for index, (path, label) in enumerate(labels):
        if label in [other for _, other in labels[:index]]:
            yield f"{path}/Label", f"Another map has the label {label!r}. Use another one."


def invalid_variable(workflow: Workflow) -> Places:
    """Find variables whose name is reserved or not a Unicode identifier."""
    for machine in workflow.machines:
        for path, name in _assigned(machine):
            is_name = name.isidentifier() and len(name) <= LONGEST_NAME
            if name == "states" or not is_name:
                yield path, f"A variable cannot have the name {name!r}. Use another identifier."


def variable_of_outer_scope(workflow: Workflow) -> Places:
    """Find variables of a map or branch that have the name of a variable in an outer scope.

    "If the top-level scope assigns a value to a variable called `myVariable`, then no other scope
    (inside a `Map`, `Parallel`) can assign to `myVariable` as well" (Step Functions Developer
    Guide, "Passing data between states with variables", Variable scope). Branches beside each
    other may share names. The Catch of a map or parallel state assigns in the scope of that state.
    The guide makes no exception for distributed maps, which cannot read outer variables.
    """
    machines = {machine.path: machine for machine in workflow.machines}

    def walk(machine: Machine, outer: set[str]) -> Places:
        for path, name in _assigned(machine):
            if name in outer:
                yield path, f"An outer scope assigns {name!r} too. Use another name."

        for state in machine.states:
            for path, _ in nested(state):
                yield from walk(machines[path], outer | {name for _, name in _assigned(machine)})

    yield from walk(workflow.machines[0], set())


def _assigned(machine: Machine) -> Places:
    """Yield the variables that a scope assigns, each with the path of its place."""
    for state in machine.states:
        yield from _names(state.path, state.fields)
        for field in ("Choices", "Catch"):
            for path, rule in objects(f"{state.path}/{field}", state.fields.get(field)):
                yield from _names(path, rule)


def _names(path: str, fields: Mapping[str, Any]) -> Places:
    assign = fields.get("Assign")
    if isinstance(assign, dict):
        for name in assign:
            # JSONPath evaluates the value of a field with this ending.
            yield f"{path}/Assign/{name}", name.removesuffix(".$")
