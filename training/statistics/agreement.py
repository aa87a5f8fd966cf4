"""Measure how far two reviewers agree: the share of equal answers, and Cohen's kappa."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from training.statistics.metrics import Z95, wilson_interval

type Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Agreement:
    """The agreement of two raters on at least one image, with 95 % intervals.

    Args:
        n: Number of images.
        share: The share of equal answers.
        interval: Wilson's interval of the share.
        kappa: Cohen's kappa: 0 for the agreement of chance, 1 for equal answers. None if both
            raters gave one and the same answer to all images, since chance agrees then too.
        kappa_interval: The interval of kappa, None without kappa.
    """

    n: int
    share: float
    interval: tuple[float, float]
    kappa: float | None
    kappa_interval: tuple[float, float] | None


def agreement(pairs: Sequence[tuple[Hashable, Hashable]]) -> Agreement:
    """Compare the answers of two raters to the same images, at least one pair."""
    n = len(pairs)
    equal = sum(one == other for one, other in pairs)
    interval = wilson_interval(equal, n)
    table = _shares(pairs)
    chance = float(table.sum(axis=1) @ table.sum(axis=0))

    if chance > 1 - 1e-12:
        return Agreement(n, equal / n, interval, None, None)
    kappa = (equal / n - chance) / (1 - chance)
    around = (
        _kappa_interval(table, kappa, chance, n)
        if equal < n
        # The delta method knows no error where all answers agree.
        else ((interval[0] - chance) / (1 - chance), 1.0)
    )
    return Agreement(n, equal / n, interval, kappa, around)


def _shares(pairs: Sequence[tuple[Hashable, Hashable]]) -> Floats:
    """Return the share of each pair of answers, (answers, answers)."""
    names = {name: at for at, name in enumerate(dict.fromkeys(one for two in pairs for one in two))}
    counts = np.zeros((len(names), len(names)))
    for one, other in pairs:
        counts[names[one], names[other]] += 1
    return counts / len(pairs)


def _kappa_interval(table: Floats, kappa: float, chance: float, n: int) -> tuple[float, float]:
    """Return the interval of the delta method.

    Source: Fleiss, Cohen and Everitt, "Large sample standard errors of kappa and weighted kappa",
    Psychological Bulletin 72 (1969), equation 13.
    """
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    rest = 1 - kappa
    diagonal = table.diagonal()
    on = float((diagonal * (1 - (rows + columns) * rest) ** 2).sum())
    # Cell (i, j) weighs the column total of i and the row total of j.
    weights = (columns[:, None] + rows[None, :]) ** 2
    off = rest**2 * float((table * weights).sum() - (diagonal * (rows + columns) ** 2).sum())
    variance = (on + off - (kappa - chance * rest) ** 2) / (n * (1 - chance) ** 2)
    half = Z95 * sqrt(max(variance, 0.0))
    return max(-1.0, kappa - half), min(1.0, kappa + half)
