"""Run one execution from its first state to its end."""

import logging
from collections.abc import Mapping
from typing import Any

from localcloud.stepfunctions.errors import (
    RUNTIME,
    ExecutionOverError,
    ExecutionTimedOutError,
    StateError,
)
from localcloud.stepfunctions.executions import FAILED, SUCCEEDED, Execution
from localcloud.stepfunctions.lifecycle import Lifecycle
from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.runtime import Runtime
from localcloud.stepfunctions.scope import Scope
from localcloud.stepfunctions.states.walk import walk

_logger = logging.getLogger(__name__)


def run_to_end(
    execution: Execution,
    runtime: Runtime,
    lifecycle: Lifecycle,
    machine: Mapping[str, Any] | None = None,
) -> None:
    """Run an execution to its end, and handle every error.

    Args:
        execution: an execution that has begun.
        runtime: the interpreter.
        lifecycle: ends the execution.
        machine: a map's processor; None is the definition.
    """
    try:
        output = _walk(execution, runtime, machine)
        lifecycle.end(execution, SUCCEEDED, output=output.text)
    except StateError as exc:
        lifecycle.end(execution, FAILED, exc.error, exc.cause)
    except ExecutionTimedOutError:
        lifecycle.time_out(execution)
    except ExecutionOverError:
        pass  # the execution has its status, or the interpreter stops
    except Exception as exc:  # AWS: "failed due to some exception that it could not process"
        _logger.exception("Unexpected error in execution %s", execution.arn)
        cause = f"{type(exc).__name__}: {exc}"
        lifecycle.end(execution, FAILED, RUNTIME, cause)


def _walk(execution: Execution, runtime: Runtime, machine: Mapping[str, Any] | None) -> Payload:
    """Run the states of an execution; return its output."""
    given = Payload.parse(execution.input)
    context = execution.context()
    context["Execution"]["Input"] = given.value
    position = execution.position or {}
    variables = position.get("variables", {})
    scope = Scope(execution, execution.life, context, variables)

    def note(name: str, entered: Payload) -> None:
        execution.position = {
            "state": name,
            "input": entered.text,
            "variables": dict(scope.variables),
        }

    if position:
        given = Payload.parse(position["input"])

    definition = execution.revision.data if machine is None else machine
    output = walk(definition, given, scope, runtime, position.get("state"), note)
    execution.position = None

    return output
