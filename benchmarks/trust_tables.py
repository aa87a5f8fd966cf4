"""Format the tables of `make trust`: a row for each seed, every figure above its 95 % interval."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from training.statistics.metrics import wilson_interval

KINDS = "negative\nexamples"  # the only column of words

type Row = Mapping[str, Any]


def calibration_table(rows: Sequence[Row]) -> Table:
    """Return the expected calibration error of ten classes, before and after calibration."""
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


def guarantee_table(rows: Sequence[Row]) -> Table:
    """Return how often a precision guarantee was met, and its coverage."""
    table = _table(
        "Ten classes: a precision guarantee of 0.95 at a confidence level of 0.95",
        *("seed", "met on the test images", "draws", "mean coverage", "at 0.8, uncalibrated"),
    )
    for row in rows:
        guarantee = row["guarantee"]
        coverages = (
            _figure(guarantee[name], guarantee[f"{name}_interval"], ".1%")
            for name in ("coverage", "coverage_at_default")
        )
        table.add_row(
            str(row["seed"]),
            _share(guarantee["met"], guarantee["draws"], ".1%"),
            str(guarantee["draws"]),
            *coverages,
        )
    return table


def ood_table(rows: Sequence[Row]) -> Table:
    """Return two rows for each seed, without and with negative examples."""
    table = _table(
        "Two classes at the threshold for a precision of 0.99: OOD photos of four kinds",
        *("seed", KINDS, "OOD accepted", "real accepted", "right of all accepted"),
    )
    for row in rows:
        for name, kinds in (("before", "none"), ("after", ", ".join(row["known"]))):
            found = row[name]
            at = found["at_threshold"]
            ood = found["ood"]
            real = found["real_images"]
            coverage = _share(round(at["coverage"] * real), real, ".1%")
            table.add_row(
                *(str(row["seed"]), kinds),
                _of(_share(ood["at_threshold"]["accepted"], ood["n"], ".2%"), ood["n"]),
                _of(coverage, real)
                + ("" if found["has_guarantee"] else "\nat 0.8, without\na guarantee"),
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
