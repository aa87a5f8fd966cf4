"""Describe executions for the API and for the interpreter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from localcloud.stepfunctions.clock import iso, now
from localcloud.stepfunctions.history import History
from localcloud.stepfunctions.life import Life
from localcloud.stepfunctions.machines import Revision

RUNNING = "RUNNING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
TIMED_OUT = "TIMED_OUT"
ABORTED = "ABORTED"


@dataclass(eq=False)
class Execution:
    """An execution. The `machine_arn` of a map's child ends with a slash and the map's label."""

    arn: str
    machine_arn: str
    name: str
    input: str
    revision: Revision
    is_express: bool = False
    map_run_arn: str | None = None
    parent_arn: str | None = None
    status: str = RUNNING
    started: float = field(default_factory=now)
    stopped: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    redrives: int = 0
    redriven: float | None = None
    position: dict[str, Any] | None = None
    history: History = field(default_factory=History, repr=False)
    life: Life = field(default_factory=Life, repr=False)
    ended: Event = field(default_factory=Event, repr=False)

    @property
    def is_running(self) -> bool:
        """Return whether the execution has not ended."""
        return self.status == RUNNING

    @property
    def region(self) -> str:
        """Return the region of the ARN."""
        return self.arn.split(":")[3]

    def end(self, status: str, error: str | None = None, cause: str | None = None) -> None:
        """Set the last status, and end the running parts; `ended` is set later."""
        self.stopped = now()
        self.error = error
        self.cause = cause
        self.status = status
        self.life.end()

    def described(self) -> dict[str, Any]:
        """Return the description of an ended execution for results, causes and reports.

        Source: Step Functions, "ResultWriter", the examples of SUCCEEDED_0.json and FAILED_0.json.
        """
        included = {"Included": True}
        succeeded = self.status == SUCCEEDED
        shown = {
            "Cause": None if succeeded else self.cause,
            "Error": None if succeeded else self.error,
            "ExecutionArn": self.arn,
            "Input": self.input,
            "InputDetails": included,
            "Name": self.name,
            "Output": self.output if succeeded else None,
            "OutputDetails": included if succeeded else None,
            "StartDate": iso(self.started),
            "StateMachineArn": self.machine_arn,
            "Status": self.status,
            "StopDate": iso(self.stopped or now()),
        }

        return {name: value for name, value in shown.items() if value is not None}

    def context(self) -> dict[str, Any]:
        """Return the parts of the context object that are equal in all states."""
        machine = {"Id": self.machine_arn, "Name": self.machine_arn.split(":")[6].split("/")[0]}
        return {
            "Execution": {
                "Id": self.arn,
                "Name": self.name,
                "RoleArn": self.revision.role_arn,
                "StartTime": iso(self.started),
                "RedriveCount": self.redrives,
            },
            "StateMachine": machine,
        }


_KEPT = [
    "arn",
    "machine_arn",
    "name",
    "input",
    "is_express",
    "map_run_arn",
    "parent_arn",
    "status",
    "started",
    "stopped",
    "output",
    "error",
    "cause",
    "redrives",
    "redriven",
    "position",
]


def saved_form(execution: Execution) -> dict[str, Any]:
    """Return the saved form of the execution, with the identity of its revision."""
    return {
        **{name: getattr(execution, name) for name in _KEPT},
        "revision": execution.revision.identity,
        "history": execution.history.saved_form(),
    }


def restore(saved: Mapping[str, Any], revisions: Mapping[str, Revision]) -> Execution:
    """Return the execution from its saved form."""
    fields = {
        **saved,
        "revision": revisions[saved["revision"]],
        "history": History(saved["history"]),
    }
    execution = Execution(**fields)
    if not execution.is_running:
        execution.ended.set()
    return execution
