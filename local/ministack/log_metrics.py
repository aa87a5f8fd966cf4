"""Metrics from logs: what functions embed in theirs, and what metric filters find; MiniStack keeps both as text.

Embedded metrics: CloudWatch User Guide, "Specification: Embedded metric format". Of filter patterns, those are read
that compare one member of a JSON event: `{ $.detail.outcome = "REVIEW" }`, `"*"` being any text and `*` anything.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc

from local.ministack.metric_store import record
from local.ministack.seam import wrap

_logger = logging.getLogger(__name__)
_EMBEDDED = '{"_aws"'
_PATTERN = re.compile(r'\{ (?P<member>\$\.[\w.]+) = (?P<wanted>\*|"[^"]*") \}')


def install() -> None:
    """Look at every line that a function logs, and at every event that is written to a log group."""
    wrap(lambda_svc, "_emit_lambda_logs", "func request_id log_text error duration_ms log_source", _read_embedded)
    wrap(cloudwatch_logs, "_put_log_events", "data", _filter)


def _read_embedded(
    original: Callable[..., None], func: Any, request_id: str, log_text: str, *rest: Any, **how: Any
) -> None:
    original(func, request_id, log_text, *rest, **how)
    for line in (log_text or "").splitlines():
        if line.startswith(_EMBEDDED):
            _record_embedded(json.loads(line))


def _record_embedded(event: Mapping[str, Any]) -> None:
    for directive in event["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: str(event[name]) for name in names}
            for metric in directive["Metrics"]:
                values = event[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    record(directive["Namespace"], metric["Name"], value, dimensions, metric.get("Unit", "None"))


def _filter(original: Callable[..., Any], data: Mapping[str, Any]) -> Any:
    answer = original(data)
    filters = [one for (group, _), one in cloudwatch_logs._metric_filters.items() if group == data.get("logGroupName")]
    if filters and answer[0] == 200:
        for event in data["logEvents"]:
            for one in filters:
                _apply(one, event["message"])
    return answer


def _apply(metric_filter: Mapping[str, Any], message: str) -> None:
    pattern = _PATTERN.fullmatch(metric_filter["filterPattern"])
    if not pattern:
        _logger.warning("This filter pattern is not read here: %s", metric_filter["filterPattern"])
    elif _matches(_member(message, pattern["member"]), pattern["wanted"]):
        for transformation in metric_filter["metricTransformations"]:
            _transform(transformation, message)


def _transform(transformation: Mapping[str, Any], message: str) -> None:
    found = {name: _member(message, path) for name, path in transformation.get("dimensions", {}).items()}
    value = transformation["metricValue"]
    value = _member(message, value) if value.startswith("$") else value
    if value is not None and None not in found.values():  # without one of its dimensions it would be another metric
        dimensions = {name: str(member) for name, member in found.items()}
        namespace, name = transformation["metricNamespace"], transformation["metricName"]
        record(namespace, name, float(value), dimensions, transformation.get("unit", "None"))


def _matches(member: Any, wanted: str) -> bool:
    if wanted == "*":
        return member is not None
    return isinstance(member, str) and wanted.strip('"') in ("*", member)


def _member(message: str, path: str) -> Any:
    """The member of a JSON text at "$.a.b"; None where it has none."""
    try:
        member: Any = json.loads(message)
        for name in path.split(".")[1:]:
            member = member[name]
    except (ValueError, LookupError, TypeError):
        return None
    return member
