"""Decide whether a prediction is confident enough."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUM_TOLERANCE = 0.01  # class probabilities are rounded and come as decimal text
MIN_THRESHOLD = 1e-6  # as in the workflow; DynamoDB cannot hold a number below 1E-130


class InvalidThresholdError(Exception):
    """The confidence threshold is not a number from 0.000001 to 1."""


class InvalidProbabilitiesError(Exception):
    """The class probabilities are not an object of numbers from 0 to 1 whose sum is 1."""


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
        and abs(sum(probabilities.values()) - 1) <= SUM_TOLERANCE
    )
    if not sound:
        raise InvalidProbabilitiesError(
            "The class_probabilities must be an object with a number from 0 to 1 for each class, "
            f"1 in total; this came instead: {probabilities!r:.200}"
        )

    return {label: float(value) for label, value in probabilities.items()}


def _names(names: Any) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidReviewClassesError(
            f"The review_classes must be a list of class names; this came instead: {names!r:.100}"
        )
    return names


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
