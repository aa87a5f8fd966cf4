"""Hold a sample of images for comparisons: the decisions about them and their statistics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

DIGITS = 4  # decimal places of every compared number


@dataclass(frozen=True)
class Decisions:
    """Predicted class and served confidence of images, both in the same order."""

    classes: Sequence[str] = ()
    confidences: Sequence[float] = ()

    def reviewed(self, thresholds: Mapping[str, float]) -> int:
        """Return how many images are for review: their confidence is below their threshold."""
        # Both are rounded, because a reference is stored with few digits.
        return sum(
            round(own, DIGITS) < round(thresholds[name], DIGITS)
            for name, own in zip(self.classes, self.confidences, strict=True)
        )

    def review_share(self, thresholds: Mapping[str, float]) -> float | None:
        """Return the share of images for review, None without images."""
        return self.reviewed(thresholds) / len(self.classes) if self.classes else None


@dataclass(frozen=True)
class Sample:
    """Decisions, and the values of each image statistic; their images need not be the same."""

    decisions: Decisions = field(default_factory=Decisions)
    statistics: Mapping[str, Sequence[float]] = field(default_factory=dict)


def columns(rows: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """Turn rows with the same names into columns of values."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
