"""Run one state after the other, until a state ends."""

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.stepfunctions.errors import RUNTIME, StateError
from localcloud.stepfunctions.history import MAX_EVENTS
from localcloud.stepfunctions.outcome import Outcome
from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.runtime import Runtime
from localcloud.stepfunctions.scope import Scope
from localcloud.stepfunctions.states.branches import run_map, run_parallel
from localcloud.stepfunctions.states.simple import (
    run_choice,
    run_fail,
    run_pass,
    run_succeed,
    run_wait,
)
from localcloud.stepfunctions.states.task import run_task

type _Run = Callable[[Mapping[str, Any], Payload, Scope, Runtime], Outcome]

_RUN: Mapping[str, _Run] = {
    "Choice": run_choice,
    "Fail": run_fail,
    "Map": run_map,
    "Parallel": run_parallel,
    "Pass": run_pass,
    "Succeed": run_succeed,
    "Task": run_task,
    "Wait": run_wait,
}


def walk(
    machine: Mapping[str, Any],
    given: Payload,
    scope: Scope,
    runtime: Runtime,
    start: str | None = None,
    note: Callable[[str, Payload], object] = lambda _name, _given: None,
) -> Payload:
    """Run states from `start`, or StartAt, until one ends; return its output.

    Args:
        machine: the definition, a branch or a processor.
        given: the input of the first state.
        scope: the variables and the context object.
        runtime: the interpreter.
        start: the first state.
        note: called with the name and the input of each state before it runs.

    Raises:
        StateError: a state fails, and no catcher matches.
        ExecutionOverError, ExecutionTimedOutError: as `Life.require` does.
    """
    following: str | None = start or machine["StartAt"]
    while following is not None:
        name = following
        state = machine["States"][following]
        scope.life.require()
        _require_room(scope)
        given.require_small(f"The state/task '{name}' has an input")
        note(name, given)

        scope.enter(name, state["Type"], given)
        outcome = _RUN[state["Type"]](state, given, scope, runtime)
        scope.life.require()
        scope.set(outcome.values)
        scope.leave(state["Type"], outcome.output, outcome.texts)

        given = outcome.output
        following = outcome.following

    return given


def _require_room(scope: Scope) -> None:
    if scope.execution.history.is_full:
        message = f"The execution reached the maximum number of history events ({MAX_EVENTS})."
        raise StateError(RUNTIME, message)
