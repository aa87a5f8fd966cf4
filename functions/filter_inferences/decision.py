"""Decide whether a prediction is confident enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUM_TOLERANCE = 0.01  # class probabilities are rounded and come as decimal text
# The number of probabilities that classify_image sends of more than 100 classes.
LISTED_CLASSES = 10
MIN_THRESHOLD = 1e-6  # as in the workflow; DynamoDB cannot hold a number below 1E-130


class InvalidThresholdError(Exception):
    """The confidence threshold is not a number from 0.000001 to 1."""


class InvalidProbabilitiesError(Exception):
    """The class probabilities are not numbers from 0 to 1 whose sum is 1, or at most 1 of ten."""


class InvalidReviewClassesError(Exception):
    """The review classes are not a list of class names."""


@dataclass(frozen=True)
class Decision:
    """The predicted class, its probability (the confidence), and whether it is accepted."""

    classification: str
    confidence: float
    passed: bool


def decide(event: Any) -> Decision:
    """Decide whether to accept a prediction.

    A confidence at the threshold passes, unless the class is a review class. Of equal
    probabilities the first class counts.

    The sum of the probabilities is 1. Ten classes may be the most probable ones of a model with
    more than 100 classes: then the rest, up to 1, belongs to classes that are not listed.

    Args:
        event: `{"class_probabilities": {"truck": 0.92, "automobile": 0.08},
            "confidence_threshold": 0.8, "review_classes": []}`.

    Raises:
        InvalidProbabilitiesError, InvalidThresholdError, InvalidReviewClassesError: invalid field.
    """
    request = event if isinstance(event, Mapping) else {}
    probabilities = _probabilities(request.get("class_probabilities"))
    threshold = _threshold(request.get("confidence_threshold"))
    review_classes = _names(request.get("review_classes", []))

    classification = max(probabilities, key=lambda label: probabilities[label])
    confidence = probabilities[classification]
    passed = confidence >= threshold and classification not in review_classes
    return Decision(classification, confidence, passed)


def _threshold(threshold: Any) -> float:
    if not _is_number(threshold) or not MIN_THRESHOLD <= threshold <= 1:
        raise InvalidThresholdError(
            "The confidence_threshold must be a number from 0.000001 to 1; "
            f"this came instead: {threshold!r:.100}"
        )
    return float(threshold)


def _probabilities(probabilities: Any) -> dict[str, float]:
    sound = (
        isinstance(probabilities, dict)
        and all(
            label.strip() and _is_number(value) and 0 <= value <= 1
            for label, value in probabilities.items()
        )
        and _is_sum(list(probabilities.values()))
    )
    if not sound:
        raise InvalidProbabilitiesError(
            "The class_probabilities must be an object with a number from 0 to 1 for each class, "
            f"1 in total, or at most 1 in total of the {LISTED_CLASSES} most probable classes; "
            f"this came instead: {probabilities!r:.200}"
        )

    return {label: float(value) for label, value in probabilities.items()}


def _is_sum(probabilities: list[float]) -> bool:
    """Return whether probabilities are those of all classes, or the largest ones of many.

    No class that is not listed is more probable than a listed one. So a rest needs a smallest
    listed probability above zero, and the largest is the prediction among all classes.
    """
    rest = 1 - sum(probabilities)
    if abs(rest) <= SUM_TOLERANCE:
        return True
    return rest > 0 and len(probabilities) == LISTED_CLASSES and min(probabilities) > 0


def _names(names: Any) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidReviewClassesError(
            f"The review_classes must be a list of class names; this came instead: {names!r:.100}"
        )
    return names


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
