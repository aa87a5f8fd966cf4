"""Test whether one model is better than another, from their answers to the same images.

McNemar, "Note on the sampling error of the difference between correlated proportions or
percentages", 1947, in its exact form. Only images that one model alone gets right count. If both
models were equally good, each of these images would be equally likely to belong to either model.
The test is one-sided, because the question is whether the challenger is better.
"""

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from math import ceil, sqrt

LEVEL = 0.05  # largest share of promotions among models that are not better
Z95, Z_ONE_SIDED = 1.959964, 1.644854  # of the normal distribution: two-sided 95 %, one-sided 95 %


@dataclass(frozen=True)
class Comparison:
    """Number of images that both models answered, and that only one of them got right."""

    images: int
    only_challenger: int
    only_champion: int

    @classmethod
    def of(cls, challenger: Collection[bool], champion: Collection[bool]) -> "Comparison":
        """Compare two lists of right answers to the same images, in the same order."""
        pairs = list(zip(challenger, champion, strict=True))
        return cls(len(pairs), pairs.count((True, False)), pairs.count((False, True)))

    @cached_property
    def p_value(self) -> float:
        """Return the probability that equally good models differ this much for the challenger."""
        from scipy.special import bdtrc  # imports numpy, which --help does not need

        return float(
            bdtrc(self.only_challenger - 1, self.only_challenger + self.only_champion, 0.5)
        )

    @property
    def is_better(self) -> bool:
        """Return whether the challenger is shown to be better."""
        return self.p_value <= LEVEL

    @cached_property
    def needed(self) -> int:
        """Return how many images only the challenger must get right to be shown better."""
        # More images only lower the p-value, and twice the champion's number plus five suffices.
        possible = range(self.only_champion + 1, 2 * self.only_champion + 6)
        return possible[
            bisect_left(
                possible,
                True,
                key=lambda won: Comparison(self.images, won, self.only_champion).is_better,
            )
        ]

    @property
    def difference(self) -> float:
        """Return the challenger's accuracy minus the champion's."""
        return (self.only_challenger - self.only_champion) / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the difference (Agresti and Min, 2005).

        It adds half an image to each of the four cells.
        """
        won = self.only_challenger + 0.5
        lost = self.only_champion + 0.5
        images = self.images + 2
        half = Z95 * sqrt(won + lost - (won - lost) ** 2 / images) / images
        return (won - lost) / images - half, (won - lost) / images + half

    @property
    def images_needed(self) -> int | None:
        """Return about how many test images would show this difference, None if it is negative."""
        won = self.only_challenger - self.only_champion
        if won <= 0:
            return None
        return ceil(
            self.images * Z_ONE_SIDED**2 * (self.only_challenger + self.only_champion) / won**2
        )
