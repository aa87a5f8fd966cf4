"""Decide which predictions the service accepts, with the thresholds of a model card, in arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.floating]
type Flags = NDArray[np.bool_]

DEFAULT_THRESHOLD = 0.8  # of classify_image, for model cards without a recommended threshold
NEVER = np.inf  # the threshold of a class whose predictions are never accepted


def show_threshold(threshold: float | None) -> str:
    """Format a threshold with enough digits to distinguish it from 1."""
    if threshold is None:
        return "no confidence"
    digits = 4 if threshold == 1 else max(4, 1 - floor(log10(1 - threshold)))
    return f"{threshold:.{digits}f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Acceptance:
    """The threshold of each class in class index order, and the index of the class `other`."""

    thresholds: tuple[float, ...]
    other: int | None = None

    @classmethod
    def at(cls, threshold: float, labels: Sequence[str], other_class: str | None) -> Self:
        """Apply one threshold to all classes. Predictions of `other` are never accepted."""
        thresholds = tuple(NEVER if label == other_class else threshold for label in labels)
        return cls(thresholds, labels.index(other_class) if other_class else None)

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> Self:
        """Apply a model card's thresholds as the service does without an override."""
        labels = card["labels"]
        other_class = card.get("other_class")
        common = cls.at(card.get("recommended_threshold") or DEFAULT_THRESHOLD, labels, other_class)
        own = card.get("class_thresholds") or {}
        # A class with a null threshold has no precision guarantee.
        each = (NEVER if own.get(label, 0) is None else own.get(label, 0) for label in labels)
        return cls(
            tuple(float(one or rest) for one, rest in zip(each, common.thresholds, strict=True)),
            common.other,
        )

    @property
    def strictest(self) -> float | None:
        """Return the highest threshold of a class that can be accepted, None without one."""
        return max((one for one in self.thresholds if one != NEVER), default=None)

    def possible(self, probabilities: Floats) -> Flags:
        """Return which predictions are of a class that can be accepted at all."""
        return np.asarray(np.asarray(self.thresholds)[probabilities.argmax(axis=1)] != NEVER)

    def accepted(self, probabilities: Floats) -> Flags:
        """Return which predictions with calibrated probabilities (images, classes) are accepted."""
        chosen = np.asarray(self.thresholds)[probabilities.argmax(axis=1)]
        return np.asarray(probabilities.max(axis=1) >= chosen)

    def real(self, labels: NDArray[np.int64]) -> Flags:
        """Return which images belong to a real class, not to the negative examples."""
        return np.asarray(labels != (-1 if self.other is None else self.other))
