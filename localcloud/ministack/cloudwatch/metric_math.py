"""Refuse metric math in GetMetricData and PutMetricAlarm.

MiniStack: answers GetMetricData with an empty result, or leaves the expression out.
It stores an alarm without its Metrics.
AWS: evaluates the expressions. The local cloud does not emulate metric math and says so.
Source: CloudWatch API Reference, GetMetricData, PutMetricAlarm (Metrics) and MetricDataQuery.
Remove this patch when MiniStack evaluates expressions.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import cloudwatch

from localcloud.ministack.cloudwatch.protocols import error_answer
from localcloud.ministack.refusals import Resource, Rule, check_requests, check_resources

type _Members = Mapping[str, Any]

_NOT_EMULATED = Rule("CloudWatch", "metric math", "CloudWatch", "UnknownOperationException")
_EXPRESSION = re.compile(r"MetricDataQueries\.member\.\d+\.Expression")
_ALARM_METRIC = "Metrics.member."
_ALARM_MESSAGE = "Metrics of PutMetricAlarm is not emulated by the local cloud"


def install() -> None:
    """Check the queries of GetMetricData and the alarms of requests and templates."""
    parameters = "params cbor_data is_cbor is_json"
    check_requests(cloudwatch, "_get_metric_data", parameters, _check_queries, error_answer)
    check_requests(cloudwatch, "_put_metric_alarm", parameters, _check_alarm, error_answer)
    check_resources("AWS::CloudWatch::Alarm", _check_resource)


def _check_queries(params: _Members, data: _Members, is_cbor: bool, is_json: bool = False) -> None:
    expressions = _of_members(data) if is_cbor or is_json else _of_parameters(params)
    for expression in expressions:
        message = "Metric math in GetMetricData is not emulated by the local cloud"
        raise _NOT_EMULATED.error(f"{message}: {expression}")


def _check_alarm(params: _Members, data: _Members, is_cbor: bool, is_json: bool = False) -> None:
    if is_cbor or is_json:
        has_metrics = bool(data.get("Metrics"))
    else:
        has_metrics = any(name.startswith(_ALARM_METRIC) for name in params)
    if has_metrics:
        raise _NOT_EMULATED.error(_ALARM_MESSAGE)


def _check_resource(resource: Resource) -> None:
    if resource.properties.get("Metrics"):
        raise _NOT_EMULATED.error(_ALARM_MESSAGE)


def _of_members(data: _Members) -> Iterator[str]:
    for query in data.get("MetricDataQueries") or []:
        if query.get("Expression"):
            yield query["Expression"]


def _of_parameters(params: _Members) -> Iterator[str]:
    for name in params:
        if _EXPRESSION.fullmatch(name):
            yield cloudwatch._p(params, name)
