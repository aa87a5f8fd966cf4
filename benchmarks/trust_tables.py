"""What `make trust` prints: a table for each question, a row for each seed, every share with its n and its interval."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from training.evaluate.metrics import wilson_interval

type Row = Mapping[str, Any]


def calibration_table(rows: Sequence[Row]) -> Table:
    """Expected calibration error of ten classes, before and after."""
    table = _table(
        "Ten classes: expected calibration error",
        *("seed", "accuracy", "error before", "after", "95 % interval", "n"),
    )
    for row in rows:
        error = row["error"]
        low, high = error["interval"]
        figures = (f"{error['before']:.4f}", f"{error['after']:.4f}", f"{low:.4f} to {high:.4f}")
        table.add_row(str(row["seed"]), f"{row['accuracy']:.1%}", *figures, f"{row['n']:,}")
    return table


def promise_table(rows: Sequence[Row]) -> Table:
    """How often a promised precision was kept, and the coverage that it cost."""
    table = _table(
        "Ten classes: a precision of 0.95, promised with a confidence of 0.95",
        *("seed", "kept on the test images", "95 % interval", "mean coverage", "95 % of them", "at 0.8, uncalibrated"),
    )
    for row in rows:
        promise = row["promise"]
        kept = f"{promise['kept']} of {promise['draws']}", interval(promise["kept"], promise["draws"])
        low, high = promise["coverage_interval"]
        coverage = f"{promise['coverage']:.1%}", f"{low:.1%} to {high:.1%}", f"{promise['coverage_at_guess']:.1%}"
        table.add_row(str(row["seed"]), *kept, *coverage)
    return table


def foreign_table(rows: Sequence[Row]) -> Table:
    """Two rows a seed, without and with counter-examples: what is accepted of unseen kinds and of the real classes."""
    table = _table(
        "Two classes at the threshold for a precision of 0.99: photos of four kinds never seen",
        *("seed", "counter-examples", "foreign accepted", "95 % interval", "n"),
        *("real accepted", "right of all accepted", "n"),
    )
    for row in rows:
        for name, kinds in (("before", "none"), ("after", ", ".join(row["known"]))):
            at, foreign = row[name]["at_threshold"], row[name]["foreign"]
            accepted, n = foreign["at_threshold"]["accepted"], foreign["n"]
            right = "-" if at["accuracy"] is None else f"{at['accuracy']:.2%}"
            told = f"{at['coverage']:.1%}" + ("" if row[name]["promised"] else " (at 0.8: nothing can be promised)")
            shares = f"{accepted / n:.1%}", interval(accepted, n), f"{n:,}"
            table.add_row(str(row["seed"]), kinds, *shares, told, right, f"{at['n']:,}")
    return table


def interval(part: int, n: int) -> str:
    """The 95 % interval of a share."""
    low, high = wilson_interval(part, n)
    return f"{low:.1%} to {high:.1%}"


def _table(title: str, *headers: str) -> Table:
    table = Table(title=title)
    for header in headers:
        table.add_column(header, justify="left" if header == "counter-examples" else "right")
    return table
