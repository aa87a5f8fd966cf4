"""Whether one model is better than another, from their answers to the same images.

McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", 1947, in its
exact form: only images that one of the two alone gets right tell them apart, and were the models equally good, each of
those would be as likely to be the one's as the other's. One-sided, since the question is whether the challenger is
better, not whether the two differ.
"""

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from math import ceil, sqrt

LEVEL = 0.05  # of models that are no better, at most so many are promoted
Z95, Z_ONE_SIDED = 1.959964, 1.644854  # of the normal distribution: two-sided 95 %, one-sided 95 %


@dataclass(frozen=True)
class Comparison:
    """How many images both models were asked, and how many of them one of the two alone got right."""

    images: int
    only_challenger: int
    only_champion: int

    @classmethod
    def of(cls, challenger: Collection[bool], champion: Collection[bool]) -> "Comparison":
        """Compare by whether each is right, image by image, in the same order."""
        pairs = list(zip(challenger, champion, strict=True))
        return cls(len(pairs), pairs.count((True, False)), pairs.count((False, True)))

    @cached_property
    def p_value(self) -> float:
        """How likely models that are equally good are to differ at least so much in favour of the challenger."""
        from scipy.special import bdtrc  # it brings numpy: not to show the help

        return float(
            bdtrc(self.only_challenger - 1, self.only_challenger + self.only_champion, 0.5)
        )

    @property
    def is_better(self) -> bool:
        """Whether the challenger is shown to be better."""
        return self.p_value <= LEVEL

    @cached_property
    def needed(self) -> int:
        """How many images the challenger alone must be right on, against as many as the champion has of its own."""
        # More only make the p value smaller, and twice as many and five are enough whatever the champion has.
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
        """The challenger's accuracy minus the champion's."""
        return (self.only_challenger - self.only_champion) / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference (Agresti and Min, 2005: half an image more in each of the four cells)."""
        won, lost, images = self.only_challenger + 0.5, self.only_champion + 0.5, self.images + 2
        half = Z95 * sqrt(won + lost - (won - lost) ** 2 / images) / images
        return (won - lost) / images - half, (won - lost) / images + half

    @property
    def images_needed(self) -> int | None:
        """About how many test images would show the difference if it stayed as it is; None if it is not in favour."""
        won = self.only_challenger - self.only_champion
        if won <= 0:
            return None
        return ceil(
            self.images * Z_ONE_SIDED**2 * (self.only_challenger + self.only_champion) / won**2
        )
