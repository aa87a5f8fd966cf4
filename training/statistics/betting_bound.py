"""Bound a precision that is looked at after every label, by betting.

A confidence interval for a fixed number of images fails if somebody looks at it after every label
and stops when it looks good: Clopper-Pearson's bound confirms 27 % of broken guarantees so. These
bounds hold at all looks together.

A gambler bets on each label that the precision differs from p. If it does not differ, the capital
exceeds 1 / risk at any time with probability `risk` at most (Ville's inequality). A precision at
which the capital has reached 1 / risk is therefore excluded.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", Journal
of the Royal Statistical Society B 86 (2024): the capital process, and the mean of several gamblers
("diversified Kelly betting").
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray

type Floats = NDArray[np.floating]

RISK = 0.05
# The share of the most that a gambler can bet; the capital is the mean of nine gamblers. Evenly
# spaced bets confirm 0.98 under 0.95 after a median of 241 labels. Bets that the precision is
# smaller must be smaller themselves, since a wrong label pays p / (1 - p) times the bet: these
# detect 0.90 under 0.95 after a median of 166 labels, and evenly spaced ones after about 245
# (benchmarks/betting_bound.py).
UPWARD_BETS = np.arange(1, 10) / 10
DOWNWARD_BETS = np.array([0.01, 0.02, 0.04, 0.07, 0.1, 0.2, 0.35, 0.6, 0.9])
_STEPS = 40  # of the bisection: to 1e-12
_EDGE = 1e-9  # a precision of 0 or 1 pays infinitely


class State(StrEnum):
    """What the labels say about a target precision."""

    CONFIRMED = "confirmed"  # the lower bound has reached the target
    NOT_YET = "not yet"
    ALARM = "alarm"  # the upper bound is below the target


@dataclass(frozen=True)
class Watch:
    """A precision that is watched, after each of its labels.

    Args:
        right: Number of right predictions.
        n: Number of labels.
        lower: The largest precision that the labels exclude as too small, after each label.
        upper: The smallest precision that the labels exclude as too large, after each label.
    """

    right: int
    n: int
    lower: Floats
    upper: Floats

    @property
    def bounds(self) -> tuple[float, float]:
        """The lower and the upper bound after the last label; each alone has the given risk."""
        return (float(self.lower[-1]), float(self.upper[-1])) if self.n else (0.0, 1.0)

    def state(self, target: float) -> State:
        """Return whether the target is confirmed. An alarm counts more than a confirmation."""
        lower, upper = self.bounds
        if upper < target:
            return State.ALARM
        return State.CONFIRMED if lower >= target else State.NOT_YET


def watch(labels: Iterable[bool], risk: float = RISK) -> Watch:
    """Return the bounds after each of the labels: whether a prediction was right, in their order.

    Bounds never widen: a precision that was excluded once stays excluded.
    """
    hits = np.fromiter(labels, dtype=np.int64)
    right = hits.cumsum()
    wrong = np.arange(1, len(hits) + 1) - right
    return Watch(
        right=int(hits.sum()),
        n=len(hits),
        lower=np.maximum.accumulate(lower_bound(right, wrong, risk)),
        upper=np.minimum.accumulate(upper_bound(right, wrong, risk)),
    )


def lower_bound(right: ArrayLike, wrong: ArrayLike, risk: float = RISK) -> Floats:
    """Return the largest precision at which the capital of upward bets has reached 1 / risk."""
    hits, misses = np.asarray(right), np.asarray(wrong)

    def is_low(precision: Floats) -> NDArray[np.bool_]:
        return upward_capital(hits, misses, precision) >= -log(risk)

    return _bisect(is_low, hits.shape)[0]


def upper_bound(right: ArrayLike, wrong: ArrayLike, risk: float = RISK) -> Floats:
    """Return the smallest precision at which the capital of downward bets has reached 1 / risk."""
    hits, misses = np.asarray(right), np.asarray(wrong)

    def is_low(precision: Floats) -> NDArray[np.bool_]:
        return ~(downward_capital(hits, misses, precision) >= -log(risk))

    return _bisect(is_low, hits.shape)[1]


def _bisect(
    is_low: Callable[[Floats], NDArray[np.bool_]], shape: tuple[int, ...]
) -> tuple[Floats, Floats]:
    """Return precisions just below and above the place up to which `is_low` holds."""
    low, high = np.zeros(shape), np.ones(shape)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        below = is_low(middle)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return low, high


def upward_capital(right: ArrayLike, wrong: ArrayLike, precision: ArrayLike) -> Floats:
    """Return the logarithm of the capital of bets that the precision is larger than this one.

    A right label multiplies a capital by 1 + c (1 - p) / p, a wrong one by 1 - c.
    """
    hits, misses, at = _columns(right, wrong, precision)
    return _mixed(hits * np.log1p(UPWARD_BETS * (1 - at) / at) + misses * np.log1p(-UPWARD_BETS))


def downward_capital(right: ArrayLike, wrong: ArrayLike, precision: ArrayLike) -> Floats:
    """Return the logarithm of the capital of bets that the precision is smaller than this one.

    A wrong label multiplies a capital by 1 + c p / (1 - p), a right one by 1 - c.
    """
    hits, misses, at = _columns(right, wrong, precision)
    return _mixed(
        hits * np.log1p(-DOWNWARD_BETS) + misses * np.log1p(DOWNWARD_BETS * at / (1 - at))
    )


def more_needed(right: int, wrong: int, target: float, risk: float = RISK) -> int | None:
    """Return how many further labels confirm the target if the share of right ones stays.

    The last label is right, so that 0 of 0 counts as 0 of 1. Return None if the share does not
    exceed the target, 0 if the labels confirm it already.
    """
    n = right + wrong
    share = (right + 1) / (n + 1)
    if lower_bound(right, wrong, risk) >= target:
        return 0
    if share <= target:
        return None

    more = 1
    while upward_capital(right + share * more, wrong + (1 - share) * more, target) < -log(risk):
        more += max(1, more // 50)
    return more


def _columns(right: ArrayLike, wrong: ArrayLike, precision: ArrayLike) -> tuple[Floats, ...]:
    """Return the arguments with a last axis for the bets, the precision between its edges."""
    at = np.clip(np.asarray(precision, dtype=float), _EDGE, 1 - _EDGE)
    return tuple(np.asarray(one, dtype=float)[..., None] for one in (right, wrong, at))


def _mixed(capitals: Floats) -> Floats:
    """Return the logarithm of the mean of capitals, given by their logarithms."""
    most = capitals.max(axis=-1, keepdims=True)
    return np.asarray(most[..., 0] + np.log(np.exp(capitals - most).mean(axis=-1)))
