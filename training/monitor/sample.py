"""What is compared: a sample of images, each with what was decided of it and what it looks like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Decisions:
    """The predicted class and the confidence, as served, of images; both in the same order."""

    classes: Sequence[str] = ()
    confidences: Sequence[float] = ()

    def reviewed(self, thresholds: Mapping[str, float | None], otherwise: float) -> int:
        """How many of them are for review, as filter_inferences decides: a confidence at the threshold is enough.

        Args:
            thresholds: The confidence threshold of a class; None: people decide on all images of the class.
            otherwise: The threshold of classes that have none of their own.
        """
        own = ((thresholds.get(name, otherwise), confidence) for name, confidence in self.pairs)
        return sum(threshold is None or confidence < threshold for threshold, confidence in own)

    @property
    def pairs(self) -> Iterator[tuple[str, float]]:
        """Class and confidence of each image."""
        return zip(self.classes, self.confidences, strict=True)


@dataclass(frozen=True)
class Sample:
    """Decisions, and the values of each image statistic by its name; they need not be of the very same images."""

    decisions: Decisions = field(default_factory=Decisions)
    statistics: Mapping[str, Sequence[float]] = field(default_factory=dict)


def columns(rows: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """Values by name, of images with the same names each."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
