"""Whether two variants differ in the share of images that they let pass, and by how much."""

from dataclasses import dataclass
from math import sqrt

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Share:
    """So many of n."""

    count: int
    n: int

    @property
    def value(self) -> float:
        """As a number from 0 to 1."""
        return self.count / self.n


@dataclass(frozen=True)
class Difference:
    """What b has more than a: the difference of the shares, its 95 % interval, and the p value of there being none."""

    value: float
    interval: tuple[float, float]
    p: float

    @property
    def significant(self) -> bool:
        """Whether such a difference is rare where there is none."""
        return self.p < SIGNIFICANT


def difference(a: Share, b: Share) -> Difference:
    """Compare two shares of at least one each.

    The interval is Newcombe's hybrid score interval (1998, method 10), from those of Wilson; the p value that of
    Fisher's exact test, two-sided. Both hold for few images and for shares near 0 and 1.
    """
    from training.statistics.metrics import (
        wilson_interval,
    )  # it brings numpy: not before there are results

    (low_a, high_a), (low_b, high_b) = wilson_interval(a.count, a.n), wilson_interval(b.count, b.n)
    value = b.value - a.value
    low = value - sqrt((b.value - low_b) ** 2 + (high_a - a.value) ** 2)
    high = value + sqrt((high_b - b.value) ** 2 + (a.value - low_a) ** 2)
    return Difference(value, (low, high), fisher_p(a, b))


def fisher_p(a: Share, b: Share) -> float:
    """The probability of a table at least as unlikely as this one, if both shares are the same."""
    from scipy.stats import fisher_exact

    return float(fisher_exact([[one.count, one.n - one.count] for one in (a, b)]).pvalue)
