"""Which predictions the service accepts: what the thresholds of a model card mean, in arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.floating]
type Flags = NDArray[np.bool_]

DEFAULT_THRESHOLD = 0.8  # of classify_image, where a model card recommends no threshold
NEVER = np.inf  # the threshold of a class whose predictions no confidence makes acceptable


def show_threshold(threshold: float | None) -> str:
    """A threshold for people, with as many digits as tell it from 1; None: of no confidence."""
    if threshold is None:
        return "no confidence"
    digits = 4 if threshold == 1 else max(4, 1 - floor(log10(1 - threshold)))
    return f"{threshold:.{digits}f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Acceptance:
    """The threshold of each class, in class index order; and the class of counter-examples, None if there is none."""

    thresholds: tuple[float, ...]
    other: int | None = None

    @classmethod
    def at(cls, threshold: float, labels: Sequence[str], other_class: str | None) -> Self:
        """One threshold for all classes; predictions of the class of counter-examples are never accepted."""
        thresholds = tuple(NEVER if label == other_class else threshold for label in labels)
        return cls(thresholds, labels.index(other_class) if other_class else None)

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> Self:
        """As the service reads a model card, where neither its input nor its template sets a threshold."""
        labels, other_class = card["labels"], card.get("other_class")
        common = cls.at(card.get("recommended_threshold") or DEFAULT_THRESHOLD, labels, other_class)
        own = card.get("class_thresholds") or {}
        # A class without a threshold there is one whose precision cannot be promised.
        each = (NEVER if own.get(label, 0) is None else own.get(label, 0) for label in labels)
        return cls(
            tuple(float(one or rest) for one, rest in zip(each, common.thresholds, strict=True)),
            common.other,
        )

    @property
    def strictest(self) -> float | None:
        """The highest threshold of a class that can be accepted; None if none can."""
        return max((one for one in self.thresholds if one != NEVER), default=None)

    def possible(self, probabilities: Floats) -> Flags:
        """Which predictions are of a class that can be accepted at all."""
        return np.asarray(np.asarray(self.thresholds)[probabilities.argmax(axis=1)] != NEVER)

    def accepted(self, probabilities: Floats) -> Flags:
        """Which predictions are accepted, of calibrated class probabilities (images, classes)."""
        chosen = np.asarray(self.thresholds)[probabilities.argmax(axis=1)]
        return np.asarray(probabilities.max(axis=1) >= chosen)

    def real(self, labels: NDArray[np.int64]) -> Flags:
        """Which images are of a class that the model is there to find: all but the counter-examples."""
        return np.asarray(labels != (-1 if self.other is None else self.other))
