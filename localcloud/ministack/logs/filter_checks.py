"""Refuse broken filter patterns, and dimensions of metric filters without fields.

MiniStack: stores any pattern, and finds nothing with a broken pattern.
AWS: refuses the filter. Two of its messages: https://github.com/aws/aws-cdk/issues/16278,
https://github.com/hashicorp/terraform-provider-aws/issues/28881.
Source: CloudWatch Logs API Reference, PutMetricFilter, PutSubscriptionFilter and FilterLogEvents
(error InvalidParameterException); CloudWatch Logs User Guide, "Publishing dimensions with metrics
from values in JSON or space-delimited log events".
Remove this patch when MiniStack does the same.
"""

from collections.abc import Mapping
from typing import Any

from ministack.services import cloudwatch_logs

from localcloud.ministack.logs.filter_patterns import (
    FilterPatternError,
    check_pattern,
    names_fields,
)
from localcloud.ministack.refusals import Resource, Rule, check_requests, check_resources

_AREA = "CloudWatch Logs filters"
_SERVICE = "CloudWatchLogs"
_CODE = "InvalidParameterException"
PATTERN = Rule(_AREA, "a broken filter pattern", _SERVICE, _CODE)
DIMENSIONS = Rule(_AREA, "dimensions of a pattern that is neither JSON nor fields", _SERVICE, _CODE)
RULES = (PATTERN, DIMENSIONS)


def install() -> None:
    """Check the filters of requests and templates."""
    check_requests(cloudwatch_logs, "_put_metric_filter", "data", _check_metric_filter)
    check_requests(cloudwatch_logs, "_put_subscription_filter", "data", _check_search)
    check_requests(cloudwatch_logs, "_filter_log_events", "data", _check_search)
    check_resources("AWS::Logs::MetricFilter", _check_resource)


def _check_metric_filter(data: Mapping[str, Any]) -> None:
    pattern = data.get("filterPattern") or ""
    _check(pattern, "Invalid metric filter pattern")
    _check_dimensions(
        pattern, [one.get("dimensions") for one in data.get("metricTransformations") or []]
    )


def _check_search(data: Mapping[str, Any]) -> None:
    _check(data.get("filterPattern") or "", "Invalid filter pattern")


def _check_resource(resource: Resource) -> None:
    pattern = resource.properties.get("FilterPattern") or ""
    _check(pattern, "Invalid metric filter pattern")
    transformations = resource.properties.get("MetricTransformations") or []
    _check_dimensions(pattern, [one.get("Dimensions") for one in transformations])


def _check(pattern: str, message: str) -> None:
    try:
        check_pattern(pattern)
    except FilterPatternError as exc:
        raise PATTERN.error(str(exc) or message) from exc


def _check_dimensions(pattern: str, dimensions: list[Any]) -> None:
    if any(dimensions) and not names_fields(pattern):
        raise DIMENSIONS.error("The specified filter pattern does not support dimensions")
