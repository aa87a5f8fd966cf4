"""What an execution did, state by state, from its history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_ENDS = {"ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"}


@dataclass(frozen=True)
class Failure:
    """An error as the history tells it."""

    error: str
    cause: str


@dataclass
class Step:
    """One visit of a state; input and output are JSON texts, and there is no output before it ends."""

    name: str
    entered_at: datetime
    input: str
    output: str | None = None
    exited_at: datetime | None = None
    attempts: int = 0  # of its task; 0 for a state that has none
    failures: list[Failure] = field(default_factory=list)

    @property
    def milliseconds(self) -> int | None:
        """How long it took, waits between attempts included; None while it goes on."""
        return None if self.exited_at is None else round((self.exited_at - self.entered_at).total_seconds() * 1000)

    @property
    def retries(self) -> int:
        """Attempts of its task after the first."""
        return max(0, self.attempts - 1)


@dataclass
class History:
    """The states in the order in which they were entered, and the error that the execution ended with, if any."""

    steps: list[Step] = field(default_factory=list)
    failure: Failure | None = None


def read_history(events: Iterable[Mapping[str, Any]]) -> History:
    """Gather the events of a workflow whose states follow one another (no Parallel, no Map)."""
    history = History()
    for event in events:
        kind = event["type"]
        told = (value for key, value in event.items() if key.endswith("EventDetails"))
        details: Mapping[str, Any] = next(told, {})
        step = history.steps[-1] if history.steps else None
        if kind.endswith("StateEntered"):
            history.steps.append(Step(details["name"], event["timestamp"], details.get("input", "")))
        elif kind in _ENDS:
            history.failure = _failure(kind, details)
            if step and step.exited_at is None:
                step.exited_at = event["timestamp"]
        elif step and kind.endswith("StateExited"):
            step.output, step.exited_at = details.get("output", ""), event["timestamp"]
        elif step and kind in {"TaskScheduled", "LambdaFunctionScheduled"}:
            step.attempts += 1
        elif step and kind.endswith(("Failed", "TimedOut")):
            step.failures.append(_failure(kind, details))
    return history


def _failure(kind: str, details: Mapping[str, Any]) -> Failure:
    return Failure(details.get("error") or kind, details.get("cause", ""))
