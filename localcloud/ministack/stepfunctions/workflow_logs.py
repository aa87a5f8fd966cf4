"""A workflow writes its own log, as far as its logging configuration says; MiniStack keeps the configuration only.

The form of a line: Step Functions Developer Guide, "Using CloudWatch Logs to log execution history". Execution data are
left out whatever the configuration says: nobody here asks for them, and images have no business in a log.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.eventbridge.log_targets import write_lines
from localcloud.ministack.patch import wrap

# The ends of the names of events that each level lets through.
_LEVELS = {"ALL": ("",), "ERROR": ("Failed", "TimedOut", "Aborted"), "FATAL": ("ExecutionFailed", "ExecutionAborted")}
_DATA = {"input", "output", "parameters", "inputDetails", "outputDetails", "roleArn"}


def install() -> None:
    """Write the log of an execution at its end."""
    wrap(stepfunctions, "_emit_execution_status_event", "execution", _log)


def _log(original: Callable[..., None], execution: Mapping[str, Any]) -> None:
    state_machine = stepfunctions._state_machines.get(execution["stateMachineArn"].partition("/")[0])
    if state_machine and execution["status"] != "RUNNING":
        configuration = _uncapitalized(state_machine["loggingConfiguration"])
        ends = _LEVELS.get(configuration.get("level", "OFF"))
        for destination in configuration.get("destinations", []) if ends else []:
            group = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
            write_lines(group, f"states/{execution['name']}", _lines(execution, ends or ()))
    original(execution)


def _lines(execution: Mapping[str, Any], ends: tuple[str, ...]) -> Iterator[str]:
    for event in list(execution["events"]):
        if event["type"].endswith(ends):
            details: Mapping[str, Any] = next((event[key] for key in event if key.endswith("EventDetails")), {})
            line = {
                "id": str(event["id"]),
                "type": event["type"],
                "details": {name: value for name, value in details.items() if name not in _DATA},
                "event_timestamp": str(int(datetime.fromisoformat(event["timestamp"]).timestamp() * 1000)),
                "execution_arn": execution["executionArn"],
            }
            yield json.dumps(line)


def _uncapitalized(value: Any) -> Any:
    """Member names as the API has them; MiniStack keeps them as they came, CloudFormation's with capitals."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _uncapitalized(member) for name, member in value.items()}
    return [_uncapitalized(member) for member in value] if isinstance(value, list) else value
