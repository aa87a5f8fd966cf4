"""Write events to the log groups that are targets of rules.

MiniStack: delivers nothing to log groups.
AWS: writes the whole event as one line.
Source: EventBridge User Guide, "Event bus targets", CloudWatch log group.
Remove this patch when MiniStack does the same.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from time import time
from typing import Any

from ministack.services import cloudwatch_logs, eventbridge

from localcloud.ministack.patch import wrap

_STREAM = "events"


def install() -> None:
    """Write events to the log groups that are targets."""
    wrap(eventbridge, "_invoke_target", "target event rule view", _invoke)


def log_group(arn: str) -> Mapping[str, Any] | None:
    """Find the log group of an ARN, which ends with ":*" where CloudFormation gives it."""
    found: Mapping[str, Any] | None = cloudwatch_logs._log_groups.get(_name(arn))
    return found


def write_lines(arn: str, stream: str, messages: Iterable[str]) -> None:
    """Write lines to a stream of a log group, of which there may be none yet."""
    now = int(time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    if events:
        place = {"logGroupName": _name(arn), "logStreamName": stream}
        cloudwatch_logs._create_log_stream(place)  # it answers that there is one already, most of the time
        cloudwatch_logs._put_log_events({**place, "logEvents": events})


def _invoke(
    original: Callable[..., None], target: Mapping[str, Any], event: Any, rule: Mapping[str, Any], view: Any = None
) -> None:
    arn = target["Arn"]
    if arn.split(":")[2] != "logs":
        original(target, event, rule, view)
        return
    write_lines(arn, _STREAM, [json.dumps(eventbridge._pattern_event_view(event).event_with_detail())])


def _name(arn: str) -> str:
    return arn.removesuffix(":*").partition(":log-group:")[2]
