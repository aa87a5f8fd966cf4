"""Show an evaluation on the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.table import Table

from cli.names import MOST_ROWS, rows_of
from training.statistics.acceptance import show_threshold
from training.statistics.metrics import most_confused
from untrusted.console import Console, styled


def show(console: Console, result: dict[str, Any]) -> None:
    """Show a row for each class, the accuracy, the confused classes, and the report's path.

    Of more than 100 classes, those with the lowest F1 have a row.
    """
    metrics = result["metrics"]
    table = Table("class", box=box.SIMPLE_HEAD)
    for header in ("images", "precision", "recall", "F1"):
        table.add_column(header, justify="right")
    classes = metrics["classes"]
    names = list(classes)
    if len(names) > MOST_ROWS:
        names.sort(key=lambda name: classes[name]["f1"] or 0)
    shown, others = rows_of(names, "classes")
    for name in shown:
        one = classes[name]
        rates = (percent(one[rate]) for rate in ("precision", "recall", "f1"))
        table.add_row(name, f"{one['support']:,}", *rates)
    console.print(table)
    if others:
        console.print(f"{others}, with a higher F1")

    low, high = metrics["accuracy_interval"]
    interval = f" (95 %: {percent(low)} to {percent(high)}, n = {metrics['n']:,})"
    errors = (
        f";  calibration error {_error(metrics, 'before')}, "
        f"after calibration {_error(metrics, 'after')}"
    )
    console.print(styled("accuracy ", (percent(metrics["accuracy"]), "bold"), interval, errors))

    latency = metrics["latency_ms"]
    speed = metrics["throughput"]["images_per_second"]
    throughput = f";  throughput {speed:.0f} images/s" if speed else ""
    console.print(f"latency p50 {latency['p50']:.0f} ms, p99 {latency['p99']:.0f} ms{throughput}")
    console.print(_accepted(metrics))
    for sentence in _change(metrics.get("change")):
        console.print(sentence)

    confused = most_confused(metrics["confusion_matrix"], list(metrics["classes"]))
    if confused:
        pairs = ", ".join(
            f"{true} taken for {predicted} ({count})" for true, predicted, count in confused
        )
        console.print(f"most often confused: {pairs}")
    console.print(f"Report: {result['report']}   data: {result['metrics_file']}")


def _accepted(metrics: dict[str, Any]) -> str:
    at = metrics["at_threshold"]
    threshold = (
        "the thresholds of the classes"
        if metrics.get("class_thresholds")
        else show_threshold(at["threshold"])
    )
    line = (
        f"accepted at {threshold}: {percent(at['coverage'])}, "
        f"of which {percent(at['accuracy'])} are right (n = {at['n']:,})"
    )

    if ood := metrics.get("ood"):
        share = percent(ood["at_threshold"]["share"])
        line += f";  of {ood['n']:,} out-of-distribution images {share}"
    return line


def _change(change: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield what has changed since the model that was evaluated before."""
    if change is None:
        return
    for name in ("accuracy", "coverage"):
        if one := change[name]:
            low, high = (100 * end for end in one["interval"])
            yield (
                f"{name} {percent(one['before'])} before, {percent(one['after'])} now "
                f"({100 * one['difference']:+.1f} points, 95 %: {low:+.1f} to {high:+.1f}, "
                f"n = {one['n']:,} images of both models)"
            )
    if change["value"]:
        yield from change["value"]["sentences"]


def percent(value: float | None) -> str:
    """Return a share as a percentage for people, or a dash for None."""
    return "-" if value is None else f"{100 * value:.1f} %"


def _error(metrics: dict[str, Any], which: str) -> str:
    return f"{metrics['calibration'][which]['expected_calibration_error']:.3f}"
