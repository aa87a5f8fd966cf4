"""Record the metrics that functions embed in logs and that metric filters find.

MiniStack: stores both as text.
AWS: turns both into metrics.
Source: CloudWatch User Guide, "Specification: Embedded metric format"; CloudWatch Logs User Guide,
"Filter pattern syntax".
Remove this patch when MiniStack does the same.

Filters work if their pattern compares one member of a JSON event, as in
`{ $.detail.status = "FAILED" }`. `"*"` matches any text and `*` any value.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc

from localcloud.ministack.cloudwatch.metric_store import record
from localcloud.ministack.patch import wrap

_logger = logging.getLogger(__name__)
_EMBEDDED = '{"_aws"'
_PATTERN = re.compile(r'\{ (?P<member>\$\.[\w.]+) = (?P<expected>\*|"[^"]*") \}')


def install() -> None:
    """Read every line that a function logs, and every event of a log group."""
    wrap(
        lambda_svc,
        "_emit_lambda_logs",
        "func request_id log_text error duration_ms log_source",
        _read_embedded,
    )
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
                    record(
                        directive["Namespace"],
                        metric["Name"],
                        value,
                        dimensions,
                        metric.get("Unit", "None"),
                    )


def _filter(original: Callable[..., Any], data: Mapping[str, Any]) -> Any:
    answer = original(data)
    filters = [
        one
        for (group, _), one in cloudwatch_logs._metric_filters.items()
        if group == data.get("logGroupName")
    ]
    if filters and answer[0] == 200:
        for line in data["logEvents"]:
            event = _parsed(line["message"])
            for one in filters:
                _apply(one, event)

    return answer


def _apply(metric_filter: Mapping[str, Any], event: Any) -> None:
    pattern = _PATTERN.fullmatch(metric_filter["filterPattern"])
    if not pattern:
        _logger.warning(
            "The local cloud does not evaluate this filter pattern: %s",
            metric_filter["filterPattern"],
        )
    elif _matches(_member(event, pattern["member"]), pattern["expected"]):
        for transformation in metric_filter["metricTransformations"]:
            _transform(transformation, event)


def _transform(transformation: Mapping[str, Any], event: Any) -> None:
    found = {
        name: _member(event, path) for name, path in transformation.get("dimensions", {}).items()
    }
    value = transformation["metricValue"]
    value = _member(event, value) if value.startswith("$") else value
    if (
        value is not None and None not in found.values()
    ):  # a metric with fewer dimensions is another metric
        dimensions = {name: str(member) for name, member in found.items()}
        namespace = transformation["metricNamespace"]
        name = transformation["metricName"]
        record(namespace, name, float(value), dimensions, transformation.get("unit", "None"))


def _matches(member: Any, expected: str) -> bool:
    if expected == "*":
        return member is not None
    return isinstance(member, str) and expected.strip('"') in ("*", member)


def _parsed(message: str) -> Any:
    """Return the value of a JSON text, or None for another text."""
    try:
        return json.loads(message)
    except ValueError:
        return None


def _member(event: Any, path: str) -> Any:
    """Return the member at "$.a.b", or None."""
    for name in path.split(".")[1:]:
        event = event.get(name) if isinstance(event, dict) else None
    return event
