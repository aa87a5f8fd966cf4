"""Run Task states: call a service, with a time limit."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from localcloud.stepfunctions.errors import TIMEOUT, StateError
from localcloud.stepfunctions.integrations import Integration, find_integration
from localcloud.stepfunctions.outcome import Outcome, finished
from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.retries import attempted
from localcloud.stepfunctions.runtime import Runtime
from localcloud.stepfunctions.scope import Scope
from localcloud.stepfunctions.states.nested import run_nested
from localcloud.stepfunctions.states.task_events import TaskEvents

type State = Mapping[str, Any]


def run_task(state: State, given: Payload, scope: Scope, runtime: Runtime) -> Outcome:
    """Call the service, with the retries of Retry."""
    integration = find_integration(state["Resource"])
    assert integration is not None, "refused when the state machine was created"

    def attempt() -> Outcome:
        arguments = given
        if "Arguments" in state:
            arguments = Payload(scope.evaluate("Arguments", state["Arguments"], given))
        arguments.require_small(f"The state/task '{scope.state_name}' was called")
        seconds = _time_limit(state, scope, given)
        result = _called(integration, arguments, seconds, scope, runtime)
        return finished(state, given, scope, default=result, result=result.value)

    return attempted(state, given, scope, runtime, attempt)


def _time_limit(state: State, scope: Scope, given: Payload) -> float | None:
    if "TimeoutSeconds" not in state:
        return None

    seconds: float = scope.typed(state, "TimeoutSeconds", "number", given)
    if seconds <= 0:
        raise scope.failure(
            "TimeoutSeconds", f"TimeoutSeconds must be positive, but was: {seconds}"
        )

    return seconds


def _called(
    integration: Integration,
    arguments: Payload,
    seconds: float | None,
    scope: Scope,
    runtime: Runtime,
) -> Payload:
    """Make the call; return its result, within the size limit."""
    execution = scope.execution
    events = TaskEvents(scope, integration)
    events.scheduled(arguments, seconds)

    def call() -> Any:
        if integration.service == "states":
            return run_nested(execution, integration, arguments.value, runtime)
        return runtime.services.call(execution, integration, arguments.value)

    def work() -> Any:
        return runtime.invoke(execution, integration, arguments.value, call)

    try:
        limit = scope.life.remaining(seconds)
        value = work() if limit is None else _within(limit, runtime.threads.submit(work))
        scope.life.require()
        result = Payload(value)
        result.require_small(f"The state/task '{scope.state_name}' returned a result")
    except StateError as exc:
        scope.life.require()
        events.failed(exc)
        raise

    events.succeeded(result)

    return result


def _within(seconds: float, future: Future[Any]) -> Any:
    """Wait for a call. After a timeout the call continues, and its result is ignored."""
    try:
        return future.result(seconds)
    except TimeoutError as exc:
        if future.done():  # the call itself raised the error
            raise
        raise StateError(TIMEOUT, f"Task timed out after {seconds} seconds") from exc
