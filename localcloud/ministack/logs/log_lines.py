"""Write lines to MiniStack's CloudWatch Logs, for services that deliver to a log group."""

from collections.abc import Iterable, Mapping
from time import time
from typing import Any

from ministack.services import cloudwatch_logs


def log_group(arn: str) -> Mapping[str, Any] | None:
    """Return the log group of an ARN, which may end with ":*" as in CloudFormation."""
    found: Mapping[str, Any] | None = cloudwatch_logs._log_groups.get(_name(arn))
    return found


def write_lines(arn: str, stream: str, messages: Iterable[str]) -> None:
    """Write lines to a stream of a log group; the stream is created if it is missing."""
    now = int(time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    if events:
        place = {"logGroupName": _name(arn), "logStreamName": stream}
        cloudwatch_logs._create_log_stream(place)  # the usual answer is that the stream exists
        cloudwatch_logs._put_log_events({**place, "logEvents": events})


def _name(arn: str) -> str:
    return arn.removesuffix(":*").partition(":log-group:")[2]
