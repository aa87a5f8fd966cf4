"""Refuse alarms that CloudWatch cannot evaluate.

MiniStack: stores any numbers.
AWS: refuses the alarm. One of its messages: https://github.com/hashicorp/terraform/issues/24070.
Source: CloudWatch API Reference, PutMetricAlarm, parameters Period and DatapointsToAlarm.
Remove this patch when MiniStack does the same.
"""

from collections.abc import Mapping
from typing import Any

from ministack.services import cloudwatch

from localcloud.ministack.cloudwatch.protocols import error_answer
from localcloud.ministack.refusals import Resource, Rule, check_requests, check_resources

_AREA = "CloudWatch alarms"
PERIOD = Rule(
    _AREA,
    "a period other than 10, 20, 30 or a multiple of 60 seconds",
    "CloudWatch",
    "ValidationError",
)
WINDOW = Rule(
    _AREA,
    "a period times evaluation periods above a day, or above a week from a period of an hour on",
    "CloudWatch",
    "ValidationError",
)
DATAPOINTS = Rule(
    _AREA, "DatapointsToAlarm above EvaluationPeriods", "CloudWatch", "ValidationError"
)
RULES = (PERIOD, WINDOW, DATAPOINTS)

_SHORT_PERIODS = (10, 20, 30)  # seconds
_MINUTE = 60
_HOUR = 3600
_DAY = 86400
_WEEK = 604800
_NUMBERS = ("Period", "EvaluationPeriods", "DatapointsToAlarm")


def install() -> None:
    """Check the alarms of requests and templates."""
    parameters = "params cbor_data is_cbor is_json"
    check_requests(cloudwatch, "_put_metric_alarm", parameters, _check_request, error_answer)
    check_resources("AWS::CloudWatch::Alarm", _check_resource)


def _check_request(
    params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False
) -> None:
    if is_cbor or is_json:
        _check({name: data.get(name) for name in _NUMBERS})
    else:
        _check({name: cloudwatch._p(params, name) for name in _NUMBERS})


def _check_resource(resource: Resource) -> None:
    _check({name: resource.properties.get(name) for name in _NUMBERS})


def _check(alarm: Mapping[str, Any]) -> None:
    """Check the numbers of an alarm; each may be missing.

    Raises:
        RefusedError: CloudWatch refuses the alarm.
    """
    periods = int(alarm["EvaluationPeriods"] or 1)
    if alarm["Period"]:
        _check_period(int(alarm["Period"]), periods)
    if int(alarm["DatapointsToAlarm"] or 0) > periods:
        raise DATAPOINTS.error("DatapointsToAlarm must be less than or equal to EvaluationPeriods")


def _check_period(period: int, periods: int) -> None:
    if period not in _SHORT_PERIODS and (period < _MINUTE or period % _MINUTE):
        raise PERIOD.error("Period must be 10, 20, 30 or a multiple of 60")

    is_short = period < _HOUR
    longest = _DAY if is_short else _WEEK
    if period * periods > longest:
        raise WINDOW.error(
            f"Metrics cannot be checked across more than a {'day' if is_short else 'week'} "
            f"(EvaluationPeriods * Period must be <= {longest}) for alarms using period "
            f"{'<' if is_short else '>='} {_HOUR}"
        )
