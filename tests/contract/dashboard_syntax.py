"""Find errors in the body of a dashboard, by AWS's pages on its structure.

CloudWatch API Reference, "Dashboard Body Structure and Syntax". This module knows
only the widgets of this project: widgets for
metrics, logs and alarms.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from localcloud.logs_insights.commands import parse
from localcloud.logs_insights.errors import MalformedQueryError
from tests.contract.metric_math import STATISTIC, expression_problems

_PROPERTIES = {
    "metric": {
        "metrics",
        "annotations",
        "period",
        "region",
        "stat",
        "stacked",
        "title",
        "view",
        "yAxis",
        "legend",
    },
    "log": {"region", "title", "query", "view"},
    "alarm": {"alarms", "title", "sortBy", "states"},
}
_RENDERING = {"color", "label", "period", "stat", "visible", "yAxis", "id", "region", "accountId"}
_VIEWS = {
    "metric": {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"},
    "log": {"table", "timeSeries", "bar", "pie"},
}
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_SOURCES = re.compile(r"(?:SOURCE '[^']+' \| ?)+")
_ALARM = re.compile(r"arn:aws:cloudwatch:[^:]+:\d+:alarm:.+")
_MOST_METRICS = 500
_MOST_ALARMS = 100

type Widget = Mapping[str, Any]


def problems(body: Mapping[str, Any]) -> list[str]:
    """Return a sentence for everything that is wrong."""
    return [
        f"{_name(widget)}: {one}" for widget in body["widgets"] for one in _widget_problems(widget)
    ]


def _name(widget: Widget) -> str:
    return str(widget.get("properties", {}).get("title", widget))


def _widget_problems(widget: Widget) -> Iterator[str]:
    kind = widget.get("type", "")
    if kind not in _PROPERTIES:
        yield f"The type {kind!r} is not one of {sorted(_PROPERTIES)}."
        return
    within = 0 <= widget["x"] and 1 <= widget["width"] and widget["x"] + widget["width"] <= 24
    if not within or widget["y"] < 0 or not 1 <= widget["height"] <= 1000:
        yield "It is not on the grid of 24 columns."

    properties = widget["properties"]
    unknown = sorted(properties.keys() - _PROPERTIES[kind])
    if unknown:
        yield f"{unknown} are not properties of a widget of type {kind}."
    if kind != "alarm" and "region" not in properties:
        yield "The region is missing."
    if properties.get("view", "timeSeries") not in _VIEWS.get(kind, {"timeSeries"}):
        yield f"The view {properties['view']!r} is not documented."
    yield from {"metric": _metric_problems, "log": _log_problems, "alarm": _alarm_problems}[kind](
        properties
    )


def _alarm_problems(properties: Widget) -> Iterator[str]:
    alarms = properties["alarms"]
    if not 1 <= len(alarms) <= _MOST_ALARMS:
        yield f"{len(alarms)} alarms are not from 1 to {_MOST_ALARMS}."
    yield from (f"{one} is not the ARN of an alarm." for one in alarms if not _ALARM.fullmatch(one))


def _log_problems(properties: Widget) -> Iterator[str]:
    query = properties["query"]
    sources = _SOURCES.match(query)
    if not sources:
        yield "The query does not start with SOURCE 'log group' |."
        return
    try:
        parse(query[sources.end() :])
    except MalformedQueryError as exc:
        yield str(exc)


def _metric_problems(properties: Widget) -> Iterator[str]:
    yield from _statistic_problems(properties)
    metrics = properties.get("metrics", [])
    if not 1 <= len(metrics) <= _MOST_METRICS:
        yield f"{len(metrics)} metrics are not from 1 to {_MOST_METRICS}."

    ids = [one[-1]["id"] for one in metrics if isinstance(one[-1], dict) and "id" in one[-1]]
    yield from (
        f"The id {one!r} is not unique, or does not start with a-z."
        for one in ids
        if not _is_id(one, ids)
    )
    before: Sequence[str] = []
    for metric in metrics:
        rendering = metric[-1] if isinstance(metric[-1], dict) else {}
        names = [one for one in metric if isinstance(one, str)]
        if "expression" in rendering:
            yield from expression_problems(rendering["expression"], ids)
            if names:
                yield f"{names} stand beside an expression."
            continue
        yield from _single_metric_problems(names, before)
        yield from _statistic_problems(rendering)
        if unknown := sorted(rendering.keys() - _RENDERING):
            yield f"{unknown} are not properties of a metric."
        before = names


def _is_id(one: str, ids: Sequence[str]) -> bool:
    return bool(_ID.fullmatch(one)) and ids.count(one) == 1


def _statistic_problems(properties: Widget) -> Iterator[str]:
    if "stat" in properties and not STATISTIC.fullmatch(properties["stat"]):
        yield f"{properties['stat']!r} is not a statistic."
    if properties.get("period", 60) % 60 or properties.get("period", 60) < 60:
        yield f"The period {properties['period']} is not a multiple of 60."


def _single_metric_problems(names: Sequence[str], before: Sequence[str]) -> Iterator[str]:
    if len(names) < 2 or len(names) % 2:
        yield f"{names} are not a namespace, a name, and pairs of dimensions."
    for number, name in enumerate(names):
        if name == "." and number >= len(before):
            yield f"{names}: the metric before has nothing to repeat for '.'."
        elif not name.strip(".") and name != ".":
            yield f"{names}: only '.' repeats a part of the metric before."
