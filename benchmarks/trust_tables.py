"""What `make trust` prints: a table for each question, a row for each seed, every figure above its 95 % interval."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from training.statistics.metrics import wilson_interval

KINDS = "counter-\nexamples"  # the one header of words

type Row = Mapping[str, Any]


def calibration_table(rows: Sequence[Row]) -> Table:
    """Expected calibration error of ten classes, before and after."""
    table = _table(
        "Ten classes: expected calibration error", "seed", "accuracy", "before", "after", "n"
    )
    for row in rows:
        errors = (
            _figure(row["error"][name], row["error_intervals"][name], ".4f")
            for name in ("before", "after")
        )
        accuracy = _figure(row["accuracy"], row["accuracy_interval"], ".1%")
        table.add_row(str(row["seed"]), accuracy, *errors, f"{row['n']:,}")
    return table


def promise_table(rows: Sequence[Row]) -> Table:
    """How often a promised precision was kept, and the coverage that it cost."""
    table = _table(
        "Ten classes: a precision of 0.95, promised with a confidence of 0.95",
        *("seed", "kept on the test images", "draws", "mean coverage", "at 0.8, uncalibrated"),
    )
    for row in rows:
        promise = row["promise"]
        coverages = (
            _figure(promise[name], promise[f"{name}_interval"], ".1%")
            for name in ("coverage", "coverage_at_guess")
        )
        table.add_row(
            str(row["seed"]),
            _share(promise["kept"], promise["draws"], ".1%"),
            str(promise["draws"]),
            *coverages,
        )
    return table


def foreign_table(rows: Sequence[Row]) -> Table:
    """Two rows a seed, without and with counter-examples: what is accepted of unseen kinds and of the real classes."""
    table = _table(
        "Two classes at the threshold for a precision of 0.99: photos of four kinds never seen",
        *("seed", KINDS, "foreign accepted", "real accepted", "right of all accepted"),
    )
    for row in rows:
        for name, kinds in (("before", "none"), ("after", ", ".join(row["known"]))):
            told = row[name]
            at, foreign, real = told["at_threshold"], told["foreign"], told["real_images"]
            coverage = _share(round(at["coverage"] * real), real, ".1%")
            table.add_row(
                *(str(row["seed"]), kinds),
                _of(_share(foreign["at_threshold"]["accepted"], foreign["n"], ".2%"), foreign["n"]),
                _of(coverage, real)
                + ("" if told["promised"] else "\nat 0.8: nothing\ncan be promised"),
                _of(
                    _figure(at["accuracy"], at["accuracy_interval"], ".1%") if at["n"] else "-",
                    at["n"],
                ),
            )
    return table


def _of(figure: str, n: int) -> str:
    return f"{figure}\nof {n:,}"


def _share(part: int, n: int, form: str) -> str:
    return _figure(part / n, wilson_interval(part, n), form)


def _figure(figure: float, interval: Sequence[float], form: str) -> str:
    low, high = interval
    return f"{figure:{form}}\n{low:{form}} to {high:{form}}"


def _table(title: str, *headers: str) -> Table:
    table = Table(title=title, caption="Below each figure its 95 % interval.", show_lines=True)
    for header in headers:
        table.add_column(header, justify="left" if header == KINDS else "right")
    return table
