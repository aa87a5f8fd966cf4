"""Write events to the log groups that are targets of rules.

MiniStack: delivers nothing to log groups.
AWS: writes the whole event as one line.
Source: EventBridge User Guide, "Event bus targets", CloudWatch log group.
Remove this patch when MiniStack does the same.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import eventbridge

from localcloud.ministack.logs.log_lines import write_lines
from localcloud.ministack.patch import wrap

_STREAM = "events"


def install() -> None:
    """Write events to log groups that are targets of rules."""
    wrap(eventbridge, "_invoke_target", "target event rule view", _invoke)


def _invoke(
    original: Callable[..., None],
    target: Mapping[str, Any],
    event: Any,
    rule: Mapping[str, Any],
    view: Any = None,
) -> None:
    arn = target["Arn"]
    if arn.split(":")[2] != "logs":
        original(target, event, rule, view)
        return
    write_lines(
        arn, _STREAM, [json.dumps(eventbridge._pattern_event_view(event).event_with_detail())]
    )
