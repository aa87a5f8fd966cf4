"""Run Pass, Wait, Choice, Succeed and Fail states."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.stepfunctions.errors import (
    NO_CHOICE_MATCHED,
    RESERVED_PREFIX,
    RUNTIME,
    StateError,
)
from localcloud.stepfunctions.outcome import Outcome, finished
from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.runtime import Runtime
from localcloud.stepfunctions.scope import Scope

type State = Mapping[str, Any]


def run_pass(
    state: State, given: Payload, scope: Scope, _runtime: Runtime | None = None
) -> Outcome:
    """Return the input, or the value of Output."""
    return finished(state, given, scope, default=given)


def run_succeed(
    state: State, given: Payload, scope: Scope, _runtime: Runtime | None = None
) -> Outcome:
    """End with the input, or with the value of Output."""
    return finished(state, given, scope, default=given)


def run_fail(
    state: State, given: Payload, scope: Scope, _runtime: Runtime | None = None
) -> Outcome:
    """Fail with the state's Error and Cause."""
    error = scope.typed(state, "Error", "string", given) if "Error" in state else None
    cause = scope.typed(state, "Cause", "string", given) if "Cause" in state else None
    if error is not None and error.startswith(RESERVED_PREFIX):
        raise StateError(
            RUNTIME,
            f"A Fail state must not raise {error}: names that begin with {RESERVED_PREFIX} are "
            "reserved.",
        )

    raise StateError(error, cause)


def run_choice(
    state: State, given: Payload, scope: Scope, _runtime: Runtime | None = None
) -> Outcome:
    """Follow the first rule whose condition is true, or Default."""
    for rule in state["Choices"]:
        if scope.typed(rule, "Condition", "boolean", given):
            return finished(rule, given, scope, default=given)
    if "Default" not in state:
        raise StateError(NO_CHOICE_MATCHED, "No choice rule matched, and there is no Default.")
    return finished({**state, "Next": state["Default"]}, given, scope, default=given)


def run_wait(state: State, given: Payload, scope: Scope, runtime: Runtime) -> Outcome:
    """Wait for some seconds, or until a time."""
    if "Seconds" in state:
        seconds = _seconds(scope.typed(state, "Seconds", "number", given), scope)
    else:
        seconds = _until(scope.typed(state, "Timestamp", "string", given), scope)
    runtime.pause(seconds, scope.life)
    return finished(state, given, scope, default=given)


def _seconds(seconds: float, scope: Scope) -> float:
    if seconds < 0 or not float(seconds).is_integer():
        message = f"Seconds must be an integer and not negative, but was: {seconds}"
        raise scope.failure("Seconds", message)
    return seconds


def _until(timestamp: str, scope: Scope) -> float:
    try:
        date, time = timestamp.split("T")  # Python reads other formats as well
        moment = datetime.fromisoformat(f"{date}T{time}")
        return (moment - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError) as exc:  # TypeError: the timestamp has no offset
        raise scope.failure(
            "Timestamp",
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
            f"string: {timestamp}",
        ) from exc
