"""Build the status events, metrics and log lines of executions."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.stepfunctions.executions import (
    ABORTED,
    FAILED,
    RUNNING,
    SUCCEEDED,
    TIMED_OUT,
    Execution,
)

# "Monitoring Step Functions metrics using Amazon CloudWatch", Execution metrics.
METRICS = {
    RUNNING: "ExecutionsStarted",
    SUCCEEDED: "ExecutionsSucceeded",
    FAILED: "ExecutionsFailed",
    ABORTED: "ExecutionsAborted",
    TIMED_OUT: "ExecutionsTimedOut",
}
REDRIVABLE = (FAILED, ABORTED, TIMED_OUT)
# "Automating Step Functions event delivery with EventBridge": larger payloads are omitted.
_LARGEST_IN_EVENT = 248 * 1024
# "Using CloudWatch Logs to log execution history", Log levels: the ends of the names of events.
_LEVELS = {
    "ALL": ("",),
    "ERROR": ("Failed", "TimedOut", "Aborted"),
    "FATAL": ("ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"),
}
# Members of an event's details that are execution data.
DATA = frozenset({"input", "output", "parameters", "assignedVariables"})
_NOT_LOGGED = frozenset({"roleArn"})


def status_change(execution: Execution) -> dict[str, Any]:
    """Return the detail of the event "Step Functions Execution Status Change"."""
    failed = execution.status == FAILED
    given, given_details = _included(execution.input)
    output, output_details = _included(execution.output)

    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": _milliseconds(execution.started),
        "stopDate": _milliseconds(execution.stopped),
        "input": given,
        "inputDetails": given_details,
        "output": output,
        "outputDetails": output_details,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": execution.redrives,
        "redriveDate": _milliseconds(execution.redriven),
        **redrive_status(execution),
        "error": execution.error if failed else None,
        "cause": execution.cause if failed else None,
    }


def redrive_status(execution: Execution) -> dict[str, str | None]:
    """Return whether an execution can be redriven, or the reason why not."""
    if execution.status in REDRIVABLE:
        return {"redriveStatus": "REDRIVABLE", "redriveStatusReason": None}
    reason = f"Execution is {execution.status} and cannot be redriven"
    return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}


def log_lines(execution: Execution) -> Iterator[str]:
    """Yield the log lines of an ended execution, filtered by its log level."""
    logging = execution.revision.logging
    ends = _LEVELS.get(logging.get("level", "OFF"))
    hidden = _NOT_LOGGED if logging.get("includeExecutionData") else _NOT_LOGGED | DATA

    for event in execution.history.events if ends else []:
        if event["type"].endswith(ends):
            line = {
                "id": str(event["id"]),
                "type": event["type"],
                "details": _details(event, hidden),
                "previous_event_id": str(event["previousEventId"]),
                "event_timestamp": str(_milliseconds(event["timestamp"])),
                "execution_arn": execution.arn,
            }
            yield json.dumps(line)


def _details(event: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    details: Mapping[str, Any] = next(
        (value for name, value in event.items() if name.endswith("EventDetails")), {}
    )
    return {name: value for name, value in details.items() if name not in hidden}


def _included(text: str | None) -> tuple[str | None, dict[str, bool] | None]:
    if text is None:
        return None, None
    fits = len(text) <= _LARGEST_IN_EVENT
    return (text if fits else None), {"included": fits}


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
