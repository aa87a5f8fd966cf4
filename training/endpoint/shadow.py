"""Copy every request to a new model (`deploy --shadow`), and compare its metrics."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.aws import Aws
from cli.numbers import short
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
    """Refuse options that a shadow ignores: it copies the present hosting and replaces nothing.

    Raises:
        HostingOptionsError: One of these options is given.
    """
    refuse(options, (*HOSTING_OPTIONS, *STRATEGY_OPTIONS, "dry_run"), "--shadow")


def shadow(
    aws: Aws, endpoint: Endpoint, run: RunFile, model: TrainedModel, timeout: float
) -> dict[str, Any]:
    """Add the model as a shadow. Once it runs, the same command shows the metrics of both models.

    Raises:
        ServerlessEndpointError: The endpoint is serverless.
        RolledBackError: SageMaker rolled back the update.
        EndpointFailedError: The endpoint failed.
        EndpointStuckError: The change takes longer than the timeout.
        QuotaExceededError: The account's quota is too small.
    """
    run.begin(SHADOW, model_data=model.model_data, image=model.image, role=model.role)
    config = add(aws, endpoint, run.attempt(SHADOW), model, SHADOW, timeout, shadow=True)
    card = read_model_card(aws.ssm, endpoint.names.model_card)
    if card:  # the same model answers, in another configuration
        write_model_card(aws.ssm, endpoint.names, card | {"endpoint_config": config})

    figures = {variant: _figures(aws, endpoint.name, variant) for variant in (VARIANT, SHADOW)}
    for variant, found in figures.items():
        endpoint.console.print(f"  {variant}: {_line(found)}")
    endpoint.console.print(
        "Run the same command again for new figures. `scones rollback` ends the shadow, and "
        "`scones deploy` serves its model."
    )
    result = {"endpoint": endpoint.name, "endpoint_config": config, "variants": figures}
    run.done(SHADOW, result)
    return result


def _figures(aws: Aws, endpoint: str, variant: str) -> dict[str, float | None]:
    """Return the metrics of a variant in the last hour, None without requests."""
    now = datetime.now(UTC)
    dimensions = {"EndpointName": endpoint, "VariantName": variant}
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
    requests = found["requests"]
    errors = found["error_share"]
    latency = found["median_latency"]
    if not requests or errors is None or latency is None:
        return "no requests in the last hour"
    return (
        f"{requests:,.0f} requests in the last hour, {errors:.1%} errors, median latency "
        f"{short(latency / 1000)} ms"
    )
