"""Refuse metric math in GetMetricData.

MiniStack: answers success with an empty result, or leaves the expression out.
AWS: evaluates the expression. The local cloud does not emulate metric math and says so.
Source: CloudWatch API Reference, GetMetricData and MetricDataQuery.
Remove this patch when MiniStack evaluates expressions.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import cloudwatch

from localcloud.ministack.cloudwatch.protocols import error_answer
from localcloud.ministack.refusals import Rule, check_requests

type _Members = Mapping[str, Any]

_NOT_EMULATED = Rule("CloudWatch", "metric math", "CloudWatch", "UnknownOperationException")
_MEMBER = re.compile(r"MetricDataQueries\.member\.\d+\.Expression")


def install() -> None:
    """Check the queries of GetMetricData."""
    parameters = "params cbor_data is_cbor is_json"
    check_requests(cloudwatch, "_get_metric_data", parameters, _check, error_answer)


def _check(params: _Members, data: _Members, is_cbor: bool, is_json: bool = False) -> None:
    expressions = _of_members(data) if is_cbor or is_json else _of_parameters(params)
    for expression in expressions:
        message = "Metric math in GetMetricData is not emulated by the local cloud"
        raise _NOT_EMULATED.error(f"{message}: {expression}")


def _of_members(data: _Members) -> Iterator[str]:
    for query in data.get("MetricDataQueries") or []:
        if query.get("Expression"):
            yield query["Expression"]


def _of_parameters(params: _Members) -> Iterator[str]:
    for name in params:
        if _MEMBER.fullmatch(name):
            yield cloudwatch._p(params, name)
