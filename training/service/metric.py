"""The metric that the alarm `drift` of stacks/monitoring.yaml watches."""

from collections.abc import Sequence
from typing import Any

from training.statistics.drift import Comparison

METRIC = "DriftedStatistics"


def metric_request(stack: str, comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """The members of PutMetricData: how many statistics have drifted, in the namespace of the service's own metrics."""
    datum = {
        "MetricName": METRIC,
        "Value": float(sum(one.drifted for one in comparisons)),
        "Unit": "Count",
    }
    return {"Namespace": f"SconesUnlimited/{stack}", "MetricData": [datum]}
