"""What the terminal shows of an evaluation."""

from typing import Any

from rich import box
from rich.table import Table

from training.statistics.acceptance import show_threshold
from training.statistics.metrics import most_confused
from untrusted.console import Console, styled


def show(console: Console, result: dict[str, Any]) -> None:
    """A row per class, the accuracy with its interval, what is most often confused, and where the report is."""
    metrics = result["metrics"]
    table = Table("class", box=box.SIMPLE_HEAD)
    for header in ("images", "precision", "recall", "F1"):
        table.add_column(header, justify="right")
    for name, one in metrics["classes"].items():
        rates = (percent(one[rate]) for rate in ("precision", "recall", "f1"))
        table.add_row(name, f"{one['support']:,}", *rates)
    console.print(table)
    low, high = metrics["accuracy_interval"]
    interval = f" (95 %: {percent(low)} to {percent(high)}, n = {metrics['n']:,})"
    errors = f";  calibration error {_error(metrics, 'before')}, after calibration {_error(metrics, 'after')}"
    console.print(styled("accuracy ", (percent(metrics["accuracy"]), "bold"), interval, errors))
    latency, speed = metrics["latency_ms"], metrics["throughput"]["images_per_second"]
    told = f";  throughput {speed:.0f} images/s" if speed else ""
    console.print(f"latency p50 {latency['p50']:.0f} ms, p99 {latency['p99']:.0f} ms{told}")
    console.print(_accepted(metrics))
    confused = most_confused(metrics["confusion_matrix"], list(metrics["classes"]))
    if confused:
        pairs = ", ".join(
            f"{true} taken for {predicted} ({count})" for true, predicted, count in confused
        )
        console.print(f"most often confused: {pairs}")
    console.print(f"Report: {result['report']}   data: {result['metrics_file']}")


def _accepted(metrics: dict[str, Any]) -> str:
    at, foreign = metrics["at_threshold"], metrics.get("foreign")
    own = metrics.get("class_thresholds")
    told = (
        "accepted at the thresholds of the classes: "
        if own
        else f"accepted at {show_threshold(at['threshold'])}: "
    )
    told += (
        f"{percent(at['coverage'])}, of which {percent(at['accuracy'])} are right (n = {at['n']:,})"
    )
    if foreign:
        there = foreign["at_threshold"]
        told += f";  of {foreign['n']:,} foreign images {percent(there['share'])}"
    return told


def percent(value: float | None) -> str:
    """A share for people; a dash where there is none."""
    return "-" if value is None else f"{100 * value:.1f} %"


def _error(metrics: dict[str, Any], which: str) -> str:
    return f"{metrics['calibration'][which]['expected_calibration_error']:.3f}"
