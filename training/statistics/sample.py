"""What is compared: a sample of images, each with what was decided of it and what it looks like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

DIGITS = 4  # of every number that is compared, behind the point


@dataclass(frozen=True)
class Decisions:
    """The predicted class and the confidence, as served, of images; both in the same order."""

    classes: Sequence[str] = ()
    confidences: Sequence[float] = ()

    def reviewed(self, thresholds: Mapping[str, float]) -> int:
        """How many of them are for review at the threshold of their class; a confidence at the threshold is enough."""
        # Rounded alike: a reference is stored with few digits, and must not differ from recent images by that.
        return sum(
            round(own, DIGITS) < round(thresholds[name], DIGITS)
            for name, own in zip(self.classes, self.confidences, strict=True)
        )

    def review_share(self, thresholds: Mapping[str, float]) -> float | None:
        """The same as a share of all; None if there are none."""
        return self.reviewed(thresholds) / len(self.classes) if self.classes else None


@dataclass(frozen=True)
class Sample:
    """Decisions, and the values of each image statistic by its name; they need not be of the very same images."""

    decisions: Decisions = field(default_factory=Decisions)
    statistics: Mapping[str, Sequence[float]] = field(default_factory=dict)


def columns(rows: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """Values by name, of images with the same names each."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
