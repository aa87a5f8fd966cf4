"""Report the end of a training job: the result for run.json, and a table for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from cli.numbers import short
from cli.prices import read_prices
from training.dataset.dataset import Dataset
from training.jobs.log import JobLog
from training.jobs.plan import Plan
from untrusted.console import Console

_ROWS = 10  # of the table; of more epochs it shows every second, third ...


def train_result(job: Mapping[str, Any], log: JobLog, dataset: Dataset) -> dict[str, Any]:
    """Return the result of a completed job for later steps.

    `metrics` are of the epoch whose model is stored, or else the last metrics that SageMaker saw.
    """
    best_epoch = log.best
    last_seen = {
        metric["MetricName"]: metric["Value"] for metric in job.get("FinalMetricDataList", [])
    }
    metrics = (
        {
            "train:accuracy": best_epoch.train_accuracy,
            "validation:accuracy": best_epoch.validation_accuracy,
        }
        if best_epoch
        else last_seen
    )

    return {
        "training_job": job["TrainingJobName"],
        "status": job["TrainingJobStatus"],
        "model_data": job["ModelArtifacts"]["S3ModelArtifacts"],
        "image": job["AlgorithmSpecification"]["TrainingImage"],
        "backbone": log.backbone
        or (f"ResNet-{job['HyperParameters'].get('num_layers', 152)}" if log.epochs else None),
        "role": job["RoleArn"],
        "instance_type": job["ResourceConfig"]["InstanceType"],
        "dataset_digest": dataset.digest,
        "labels": list(dataset.labels),
        "hyperparameters": {
            name: value
            for name, value in job["HyperParameters"].items()
            if not name.startswith("sagemaker_")  # for the container, not for the algorithm
        },
        "metrics": metrics,
        "epochs": log.as_data(),
        "best_epoch": best_epoch.epoch if best_epoch else None,
        "seconds": job.get("TrainingTimeInSeconds"),
        "billable_seconds": job.get("BillableTimeInSeconds"),
    }


def show_result(console: Console, result: Mapping[str, Any], *, charged: bool = True) -> None:
    """Show a table of the epochs, the duration, the price and the model."""
    if result["epochs"]:
        table = Table("epoch", "train accuracy", "validation accuracy", "", box=None)
        for epoch in shown_epochs(result["epochs"], result["best_epoch"]):
            row = (
                epoch["epoch"],
                _number(epoch["train_accuracy"]),
                _number(epoch["validation_accuracy"]),
            )
            table.add_row(*map(str, row), "best" if epoch["epoch"] == result["best_epoch"] else "")
        console.print(table)
    console.print(
        f"{result['status']} in {result['seconds']} s{_bill(result, charged)}. "
        f"Backbone: {result['backbone'] or 'unknown'}."
    )
    console.print(f"Model: {result['model_data']}")


def dry_run_price(plan: Plan, *, charged: bool) -> str:
    """Estimate the highest price of a training job: its maximum runtime at the list price."""
    prices = read_prices(charged=charged)
    hourly = prices.instances(plan.instance_type)
    if hourly is None:
        return f"Price: unknown, because cli/prices.toml has no price of {plan.instance_type}."

    hours = plan.max_runtime / 3600
    spot = " Spot machines cost less." if plan.max_wait is not None else ""
    return (
        f"Price: at most ${short(hourly * hours)}, for {short(hours)} h (--max-runtime) on an "
        f"{plan.instance_type} at ${short(hourly)} per hour ({prices.basis}).{spot}"
    )


def shown_epochs(epochs: Sequence[Mapping[str, Any]], best: int | None) -> list[Mapping[str, Any]]:
    """Return about ten evenly spaced epochs, with the best and the last epoch."""
    every = -(-len(epochs) // _ROWS)
    last = len(epochs)
    return [
        epoch
        for n, epoch in enumerate(epochs, 1)
        if n % every == 0 or n == last or epoch["epoch"] == best
    ]


def _bill(result: Mapping[str, Any], charged: bool) -> str:
    prices = read_prices(charged=charged)
    hour = prices.instances(result["instance_type"])
    billed = result["billable_seconds"]
    if hour is None or billed is None:
        return ""
    return f", {billed} s billed: ${short(hour * billed / 3600)} ({prices.basis})"


def _number(accuracy: float | None) -> str:
    return "" if accuracy is None else f"{accuracy:.3f}"
