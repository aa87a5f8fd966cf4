"""Evaluate metric alarms as CloudWatch does.

MiniStack: mixes the metrics of all dimensions, ignores periods and missing data, evaluates only
when a client sends a metric, and notifies topics without asking their policies.
AWS: evaluates each alarm every minute over its periods, treats missing data as the alarm says, and
needs the topic's policy.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
Remove this patch when MiniStack does the same.
"""

import asyncio
import logging
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import cloudwatch, sns

from localcloud.ministack.cloudwatch.metric_store import CLOCK
from localcloud.ministack.patch import wrap

_logger = logging.getLogger(__name__)
EVERY_SECONDS = 60.0  # as CloudWatch
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def install() -> None:
    """Evaluate alarms by these rules, and before a request reads their states."""
    wrap(cloudwatch, "_evaluate_alarm", "alarm", _evaluate)
    wrap(cloudwatch, "_dispatch_alarm_actions", "alarm old_state new_state reason", _notify)
    wrap(cloudwatch, "_describe_alarms", "params cbor_data is_cbor is_json", _describe)


async def keep_evaluating(every: float = EVERY_SECONDS) -> None:
    """Evaluate all alarms at an interval in seconds, without any request."""
    while True:
        await asyncio.sleep(every)
        try:
            cloudwatch._evaluate_all_alarms()
        except Exception:  # one failing alarm must not end the evaluation of the others
            _logger.exception("The alarms cannot be evaluated")


def _describe(original: Callable[..., Any], *request: Any) -> Any:
    cloudwatch._evaluate_all_alarms()
    return original(*request)


def _evaluate(_original: Callable[..., None], alarm: dict[str, Any]) -> None:
    values = [_value(alarm, back) for back in range(alarm["EvaluationPeriods"])]
    state = evaluated_state(alarm, values)
    if state != (before := alarm["StateValue"]):
        reason = (
            f"Values of the last periods, the newest first: {values}; "
            f"threshold: {alarm['Threshold']}"
        )
        alarm |= {
            "StateValue": state,
            "StateReason": reason,
            "StateUpdatedTimestamp": int(CLOCK.now()),
        }
        cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
        cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
        cloudwatch._evaluate_parent_alarms(alarm)


def _notify(original: Callable[..., None], alarm: Mapping[str, Any], *change: str) -> None:
    """Notify the topics whose policy lets CloudWatch publish for this alarm."""
    topics = {
        actions: [arn for arn in alarm.get(actions) or [] if _takes(arn, alarm["AlarmArn"])]
        for actions in ("AlarmActions", "OKActions", "InsufficientDataActions")
    }
    original({**alarm, **topics}, *change)


def _takes(topic_arn: str, alarm_arn: str) -> bool:
    taken = bool(
        sns.topic_policy_allows(topic_arn, "cloudwatch.amazonaws.com", alarm_arn, get_account_id())
    )
    if not taken:
        _logger.error(
            "The policy of %s does not let CloudWatch publish for %s.", topic_arn, alarm_arn
        )

    return taken


def evaluated_state(alarm: Mapping[str, Any], values: Sequence[float | None]) -> str:
    """Return the state of an alarm by the values of its periods; None is missing data."""
    compare = _COMPARISONS[alarm["ComparisonOperator"]]
    breaching = [compare(value, alarm["Threshold"]) for value in values if value is not None]
    missing = len(values) - len(breaching)
    match alarm["TreatMissingData"]:
        case "breaching":
            breaching += [True] * missing
        case "notBreaching":
            breaching += [False] * missing
        case "ignore" if not breaching:
            return str(alarm["StateValue"])

    if not breaching:
        return "INSUFFICIENT_DATA"

    return "ALARM" if sum(breaching) >= alarm.get("DatapointsToAlarm", len(values)) else "OK"


def _value(alarm: Mapping[str, Any], periods_back: int) -> float | None:
    """Return the alarm's statistic over one period, counted back from now."""
    end = CLOCK.now() - periods_back * alarm["Period"]
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm["Dimensions"]))
    stored = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or []
    points = [point for point in list(stored) if end - alarm["Period"] < point["Timestamp"] <= end]
    statistics = cloudwatch._calc_stats(points)
    if not statistics:
        return None

    value: float | None = cloudwatch._stat_value(
        statistics, alarm.get("ExtendedStatistic") or alarm["Statistic"], points
    )

    return value
