"""Check transitions: targets exist, states are reachable, and machines end."""

from localcloud.states_language.workflow import Machine, Places, State, Workflow, objects


def missing_target(workflow: Workflow) -> Places:
    """Find transitions to states that are not in the same map, branch or definition."""
    for machine in workflow.machines:
        names = {state.name for state in machine.states}
        start = machine.fields.get("StartAt")
        if isinstance(start, str) and start not in names:
            yield f"{machine.path}/StartAt", f"StartAt names {start!r}, which is not in States."

        for state in machine.states:
            for path, target in targets(state):
                if target not in names:
                    yield path, f"The target {target!r} is not in the same States."


def unreachable_state(workflow: Workflow) -> Places:
    """Find states that no path from StartAt leads to."""
    for machine in workflow.machines:
        reached = _reached(machine)
        for state in machine.states:
            if state.name not in reached:
                yield (
                    state.path,
                    f"State {state.name!r} is not reachable. Add a transition to it, or remove it.",
                )


def missing_end(workflow: Workflow) -> Places:
    """Find machines without a state that ends them."""
    for machine in workflow.machines:
        ends = [state for state in machine.states if "End" in state.fields]
        if not ends and not {str(state.type) for state in machine.states} & {"Succeed", "Fail"}:
            yield machine.path, "No state ends the workflow. Add End, or a Succeed or Fail state."


def targets(state: State) -> Places:
    """Yield the names of the next states, each with the path of its field."""
    for field in ("Next", "Default"):
        yield from _named(f"{state.path}/{field}", state.fields.get(field))

    for field in ("Choices", "Catch"):
        for path, rule in objects(f"{state.path}/{field}", state.fields.get(field)):
            yield from _named(f"{path}/Next", rule.get("Next"))


def _named(path: str, target: object) -> Places:
    if isinstance(target, str):
        yield path, target


def _reached(machine: Machine) -> set[str]:
    states = {state.name: state for state in machine.states}
    reached = set[str]()
    waiting = [str(machine.fields.get("StartAt"))]

    while waiting:
        name = waiting.pop()
        if name in states and name not in reached:
            reached.add(name)
            waiting += [target for _, target in targets(states[name])]

    return reached
