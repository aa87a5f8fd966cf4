"""Measure how often and how soon a precision is judged that is looked at after every label.

Labels are right with a known probability. The bounds of training/statistics/betting_bound.py are
looked at after every label, and beside them Clopper-Pearson's bound, which is valid for one look.

For each precision, the table shows the share of draws in which the guarantee was ever confirmed and
ever alarmed, with the 95 % interval (Wilson, 1927), and the median label of the decision. The exit
status is 1 if a broken guarantee is confirmed, or a kept one alarmed, in more than 5 % of draws.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from training.statistics.betting_bound import RISK, downward_capital, upward_capital
from training.statistics.metrics import wilson_interval
from training.statistics.precision_guarantee import precision_bound, upper_precision_bound
from untrusted.console import Console

TARGET = 0.95
PRECISIONS = (0.90, 0.94, 0.949, 0.95, 0.951, 0.96, 0.98)
LABELS = 2_000
STEP = 100  # draws computed at once

type Counts = NDArray[np.int64]
type Rule = Callable[[Counts, Counts], NDArray[np.bool_]]

# Whether a rule confirms or alarms, given the right labels and all labels after each label.
RULES: dict[str, tuple[Rule, Rule]] = {
    "betting": (
        lambda right, n: upward_capital(right, n - right, TARGET) >= -log(RISK),
        lambda right, n: downward_capital(right, n - right, TARGET) >= -log(RISK),
    ),
    "Clopper-Pearson": (
        lambda right, n: precision_bound(right, n, RISK) >= TARGET,
        lambda right, n: upper_precision_bound(right, n, RISK) < TARGET,
    ),
}


@dataclass(frozen=True)
class Decided:
    """In how many draws a rule decided, and the median label at which it did."""

    count: int
    draws: int
    label: float | None

    @classmethod
    def of(cls, decided: NDArray[np.bool_]) -> "Decided":
        """Count from the rule's answers of (draws, labels)."""
        ever = decided.any(axis=1)
        first = decided.argmax(axis=1)[ever] + 1
        return cls(int(ever.sum()), len(ever), float(np.median(first)) if ever.any() else None)

    @property
    def share(self) -> float:
        """The share of draws."""
        return self.count / self.draws

    @property
    def cells(self) -> tuple[str, str]:
        """Share with its interval, and the median label, as text."""
        low, high = wilson_interval(self.count, self.draws)
        label = "-" if self.label is None else f"{self.label:,.0f}"
        return f"{self.share:.1%} ({low:.1%} to {high:.1%})", label


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the labels and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2_000, help="of each precision (%(default)s)")
    options = parser.parse_args(arguments)

    table = Table("rule", "precision", "confirmed", "at label", "alarmed", "at label")
    wrong = False
    for precision in PRECISIONS:
        for name, rules in RULES.items():
            confirmed, alarmed = measure(precision, rules, options.draws)
            table.add_row(name, f"{precision}", *confirmed.cells, *alarmed.cells)
            broken = confirmed.share > RISK if precision < TARGET else alarmed.share > RISK
            wrong |= name == "betting" and broken

    console = Console()
    console.print(f"{options.draws:,} draws of {LABELS:,} labels each, target {TARGET}")
    console.print(table)
    return int(wrong)


def measure(precision: float, rules: tuple[Rule, Rule], draws: int) -> tuple[Decided, Decided]:
    """Return how often the rules confirm and alarm."""
    draw = np.random.default_rng(round(precision * 1000))
    n = np.arange(1, LABELS + 1)
    found: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]] = []
    for start in range(0, draws, STEP):
        right = (draw.random((min(STEP, draws - start), LABELS)) < precision).cumsum(axis=1)
        found.append((rules[0](right, n), rules[1](right, n)))
    confirmed, alarmed = zip(*found, strict=True)
    return Decided.of(np.concatenate(confirmed)), Decided.of(np.concatenate(alarmed))


if __name__ == "__main__":
    sys.exit(main())
