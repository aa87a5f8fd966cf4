"""Build the metric that the alarm `drift` of stacks/monitoring.yaml watches."""

from collections.abc import Sequence
from typing import Any

from training.statistics.drift import Comparison

METRIC = "DriftedStatistics"


def metric_request(stack: str, comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Return the PutMetricData request for the number of drifted statistics."""
    datum = {
        "MetricName": METRIC,
        "Value": float(sum(one.drifted for one in comparisons)),
        "Unit": "Count",
    }
    return {"Namespace": f"SconesUnlimited/{stack}", "MetricData": [datum]}
