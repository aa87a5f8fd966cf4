"""Compare the shares of images that two variants accept."""

from dataclasses import dataclass
from math import sqrt

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Share:
    """A count out of n."""

    count: int
    n: int

    @property
    def value(self) -> float:
        """Return the share as a number from 0 to 1."""
        return self.count / self.n


@dataclass(frozen=True)
class Difference:
    """Share b minus share a, its 95 % interval, and the p-value of equal shares."""

    value: float
    interval: tuple[float, float]
    p: float

    @property
    def significant(self) -> bool:
        """Return whether the difference is significant."""
        return self.p < SIGNIFICANT


def difference(a: Share, b: Share) -> Difference:
    """Compare two shares of at least one image each.

    The interval is Newcombe's hybrid score interval (1998, method 10), from Wilson's intervals. The
    p-value is from Fisher's exact test, two-sided. Both are valid for few images and extreme
    shares.
    """
    # The import loads numpy, which is not needed before there are results.
    from training.statistics.metrics import wilson_interval

    (low_a, high_a), (low_b, high_b) = wilson_interval(a.count, a.n), wilson_interval(b.count, b.n)
    value = b.value - a.value
    low = value - sqrt((b.value - low_b) ** 2 + (high_a - a.value) ** 2)
    high = value + sqrt((high_b - b.value) ** 2 + (a.value - low_a) ** 2)
    return Difference(value, (low, high), fisher_p(a, b))


def fisher_p(a: Share, b: Share) -> float:
    """Return the probability of a table at least as unlikely as this one, for equal shares."""
    from scipy.stats import fisher_exact

    return float(fisher_exact([[one.count, one.n - one.count] for one in (a, b)]).pvalue)
