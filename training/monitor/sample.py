"""What is compared: a sample of images, each with what was decided of it and what it looks like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Decisions:
    """The predicted class and the confidence, as served, of images; both in the same order."""

    classes: Sequence[str] = ()
    confidences: Sequence[float] = ()

    def reviewed(self, thresholds: Mapping[str, float]) -> int:
        """How many of them are for review at the threshold of their class; a confidence at the threshold is enough."""
        return sum(own < thresholds[name] for name, own in zip(self.classes, self.confidences, strict=True))


@dataclass(frozen=True)
class Sample:
    """Decisions, and the values of each image statistic by its name; they need not be of the very same images."""

    decisions: Decisions = field(default_factory=Decisions)
    statistics: Mapping[str, Sequence[float]] = field(default_factory=dict)


def columns(rows: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """Values by name, of images with the same names each."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
