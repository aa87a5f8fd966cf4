"""What came out of a training job: the result for run.json, and a table for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from cli.prices import read_prices
from training.dataset.dataset import Dataset
from training.jobs.log import JobLog
from untrusted.console import Console

_ROWS = 10  # more epochs than that are shown one in two, three ...


def train_result(job: Mapping[str, Any], log: JobLog, dataset: Dataset) -> dict[str, Any]:
    """What the later steps need of a job that is completed.

    `metrics` are those of the epoch whose model is kept; where the log does not say which, what SageMaker last saw.
    """
    kept = log.kept
    last_seen = {
        metric["MetricName"]: metric["Value"] for metric in job.get("FinalMetricDataList", [])
    }
    best = (
        {"train:accuracy": kept.train_accuracy, "validation:accuracy": kept.validation_accuracy}
        if kept
        else {}
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
        "hyperparameters": dict(job["HyperParameters"]),
        "metrics": best or last_seen,
        "epochs": log.as_data(),
        "kept_epoch": kept.epoch if kept else None,
        "seconds": job.get("TrainingTimeInSeconds"),
        "billable_seconds": job.get("BillableTimeInSeconds"),
    }


def show_result(console: Console, result: Mapping[str, Any]) -> None:
    """A table of the epochs, with the one whose model is kept; then what it took and where the model is."""
    if result["epochs"]:
        table = Table("epoch", "train accuracy", "validation accuracy", "", box=None)
        for epoch in shown_epochs(result["epochs"], result["kept_epoch"]):
            row = (
                epoch["epoch"],
                _number(epoch["train_accuracy"]),
                _number(epoch["validation_accuracy"]),
            )
            table.add_row(*map(str, row), "kept" if epoch["epoch"] == result["kept_epoch"] else "")
        console.print(table)
    console.print(
        f"{result['status']} in {result['seconds']} s{_bill(result)}. Backbone: {result['backbone'] or 'not known'}."
    )
    console.print(f"Model: {result['model_data']}")


def shown_epochs(epochs: Sequence[Mapping[str, Any]], kept: int | None) -> list[Mapping[str, Any]]:
    """About ten of the epochs: evenly, with the one that is kept and the last."""
    every = -(-len(epochs) // _ROWS)
    last = len(epochs)
    return [
        epoch
        for n, epoch in enumerate(epochs, 1)
        if n % every == 0 or n == last or epoch["epoch"] == kept
    ]


def _bill(result: Mapping[str, Any]) -> str:
    prices = read_prices()
    hour, billed = prices.instances(result["instance_type"]), result["billable_seconds"]
    if hour is None or billed is None:
        return ""
    return f", {billed} s billed: ${hour * billed / 3600:.3f} ({prices.basis})"


def _number(accuracy: float | None) -> str:
    return "" if accuracy is None else f"{accuracy:.3f}"
