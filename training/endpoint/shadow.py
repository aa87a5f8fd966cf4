"""`deploy --shadow`: the new model gets a copy of every request; its answers reach nobody, its metrics tell of it."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.aws import Aws
from training.endpoint.changes import Endpoint
from training.endpoint.hosting import HOSTING_OPTIONS, refuse
from training.endpoint.request import VARIANT
from training.endpoint.second_variant import add
from training.endpoint.strategy import STRATEGY_OPTIONS
from training.models.model_card import read_model_card, write_model_card
from training.models.trained_model import TrainedModel
from training.project.run_file import RunFile

SHADOW = "shadow"
# Metric and statistic of each figure; latencies are in microseconds.
_FIGURES = {
    "requests": ("Invocations", "Sum"),
    "error_share": ("Invocation5XXErrors", "Average"),
    "median_latency": ("ModelLatency", "p50"),
}


def check_shadow_options(options: argparse.Namespace) -> None:
    """Refuse what a shadow has not: it runs on one instance like that in service, and replaces nothing.

    Raises:
        HostingOptionsError: something of that was asked.
    """
    refuse(options, (*HOSTING_OPTIONS, *STRATEGY_OPTIONS, "dry_run"), "--shadow")


def shadow(
    aws: Aws, endpoint: Endpoint, run: RunFile, model: TrainedModel, timeout: float
) -> dict[str, Any]:
    """Have the model shadow what serves; once it does, the same command tells how both fare.

    Raises:
        ServerlessEndpointError: it can have none.
        RolledBackError, EndpointFailedError, EndpointStuckError, QuotaExceededError: it cannot be.
    """
    run.begin(SHADOW, model_data=model.model_data, image=model.image, role=model.role)
    config = add(aws, endpoint, run.attempt(SHADOW), model, SHADOW, timeout, shadow=True)
    if card := read_model_card(
        aws.ssm, endpoint.names.model_card
    ):  # the model that answers is the same, in another configuration
        write_model_card(aws.ssm, endpoint.names, card | {"endpoint_config": config})
    figures = {variant: _figures(aws, endpoint.name, variant) for variant in (VARIANT, SHADOW)}
    for variant, found in figures.items():
        endpoint.console.print(f"  {variant}: {_line(found)}")
    endpoint.console.print(
        "The same command again tells more. `rollback` ends the shadow, `deploy` promotes its model."
    )
    result = {"endpoint": endpoint.name, "endpoint_config": config, "variants": figures}
    run.done(SHADOW, result)
    return result


def _figures(aws: Aws, endpoint: str, variant: str) -> dict[str, float | None]:
    """The metrics of a variant in the last hour; None where there were no requests."""
    now, dimensions = datetime.now(UTC), {"EndpointName": endpoint, "VariantName": variant}
    figures: dict[str, float | None] = {}
    for name, (metric, statistic) in _FIGURES.items():
        kind = "ExtendedStatistics" if statistic.startswith("p") else "Statistics"
        request: Any = {
            "StartTime": now - timedelta(hours=1),
            "EndTime": now + timedelta(minutes=1),
            "Period": 3660,
        }
        points: list[Any] = aws.cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[
                {"Name": dimension, "Value": value} for dimension, value in dimensions.items()
            ],
            **request | {kind: [statistic]},
        )["Datapoints"]
        newest = max(points, key=lambda point: point["Timestamp"], default=None)
        figures[name] = (newest.get("ExtendedStatistics") or newest)[statistic] if newest else None
    return figures


def _line(found: dict[str, float | None]) -> str:
    requests, errors, latency = found["requests"], found["error_share"], found["median_latency"]
    if not requests or errors is None or latency is None:
        return "no requests in the last hour"
    return f"{requests:,.0f} requests in the last hour, {errors:.1%} errors, median latency {latency / 1000:,.1f} ms"
