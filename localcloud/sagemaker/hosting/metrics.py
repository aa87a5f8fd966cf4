"""Turn invocations into the CloudWatch metrics of endpoints.

Source of names, units and values:
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import batched
from typing import Any, NamedTuple

NAMESPACE = "AWS/SageMaker"
# The status of an invocation that the model did not answer in time.
TIMED_OUT = int(HTTPStatus.GATEWAY_TIMEOUT)
# PutMetricData: the most different values of one datum.
_VALUES_PER_DATUM = 150


class Invocation(NamedTuple):
    """One invocation that reached a model; ``status`` is the model's.

    ``config`` is the endpoint configuration, for a fleet of an update with a DeploymentConfig:
    CloudWatch has its metrics by configuration. Source: SageMaker developer guide,
    deployment-guardrails-configuration.html.
    """

    endpoint: str
    variant: str
    config: str | None
    status: int
    model_seconds: float
    overhead_seconds: float


def metric_data(
    invocations: Iterable[Invocation], instances: Callable[[str, str], int | None]
) -> Iterator[dict[str, Any]]:
    """Return the metrics of these invocations.

    Args:
        invocations: Of any endpoints.
        instances: Returns the number of instances of a variant, or None for a serverless variant.
    """
    of_variant = defaultdict[tuple[str, str, str | None], list[Invocation]](list)
    for invocation in invocations:
        for config in {None, invocation.config}:
            of_variant[invocation.endpoint, invocation.variant, config].append(invocation)
    for (endpoint, variant, config), found in of_variant.items():
        named = {"EndpointName": endpoint, "VariantName": variant, "EndpointConfigName": config}
        dimensions = [{"Name": name, "Value": value} for name, value in named.items() if value]
        for name, (unit, values) in _distributions(found, instances(endpoint, variant)).items():
            for part in batched(values.items(), _VALUES_PER_DATUM, strict=False):
                yield {
                    "MetricName": name,
                    "Dimensions": dimensions,
                    "Unit": unit,
                    "Values": [value for value, _ in part],
                    "Counts": [float(count) for _, count in part],
                }


def _distributions(
    invocations: list[Invocation], instances: int | None
) -> Mapping[str, tuple[str, Counter[float]]]:
    classes = [invocation.status // 100 for invocation in invocations]
    found = {
        "Invocations": ("None", Counter([1.0] * len(invocations))),
        # ^1 or 0 for each request, so that the average is the rate of errors.
        "Invocation4XXErrors": ("None", Counter(float(status == 4) for status in classes)),
        "Invocation5XXErrors": ("None", Counter(float(status == 5) for status in classes)),
        "ModelLatency": (
            "Microseconds",
            Counter(_microseconds(one.model_seconds) for one in invocations),
        ),
        "OverheadLatency": (
            "Microseconds",
            Counter(_microseconds(one.overhead_seconds) for one in invocations),
        ),
    }
    if instances:
        found["InvocationsPerInstance"] = ("None", Counter([1.0 / instances] * len(invocations)))
    return found


def _microseconds(seconds: float) -> float:
    # Two significant digits: percentiles stay correct to 5 %. Thousands of invocations become
    # some dozens of values, which MiniStack keeps for two weeks and copies at every save.
    return float(f"{seconds * 1e6:.1e}")
