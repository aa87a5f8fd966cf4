"""Parse and calibrate the endpoint's answer."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

# Enough for 2,621 classes: a number in Python's JSON has at most 23 characters, and ", " follows.
# A longer answer is not a prediction. `scones stage` refuses more classes.
MAX_ANSWER_BYTES = 65_536
MOST_CLASSES = 100  # of a model whose predictions hold the probability of every class
LISTED_CLASSES = 10  # of a model with more classes; filter_inferences knows this number too
SUM_TOLERANCE = 0.01  # models answer in single precision, some with few digits


class InvalidPredictionError(Exception):
    """The endpoint did not answer with a JSON list of one probability for each class."""


def parse_prediction(body: bytes, classes: int) -> tuple[float, ...]:
    """Return the probabilities in the endpoint's answer, in the order of the labels.

    Raises:
        InvalidPredictionError: the answer is not a JSON list of `classes` probabilities.
    """
    if len(body) > MAX_ANSWER_BYTES:
        raise InvalidPredictionError(
            f"The endpoint answered more than {MAX_ANSWER_BYTES:,} bytes: {_excerpt(body)}"
        )

    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InvalidPredictionError(
            f"The endpoint did not answer JSON but: {_excerpt(body)}"
        ) from exc

    if not isinstance(answer, list) or len(answer) != classes:
        raise InvalidPredictionError(
            f"The endpoint must answer a list of {classes} probabilities, one for each label of "
            f"its model card; it answered: {_excerpt(body)}"
        )
    if not all(map(_is_probability, answer)) or abs(sum(answer) - 1) > SUM_TOLERANCE:
        raise InvalidPredictionError(
            "The endpoint must answer probabilities, numbers from 0 to 1 whose sum is 1; "
            f"it answered: {_excerpt(body)}"
        )

    return tuple(map(float, answer))


def calibrate(probabilities: Sequence[float], temperature: float) -> tuple[float, ...]:
    """Return p^(1/T), normalised: temperature scaling (Guo et al., 2017).

    A temperature above 1 lowers the confidence. Ratios to the largest probability keep the terms
    above zero at any temperature. Rounding to twelve digits removes the error of the division, so
    that 0.8 stays at a confidence threshold of 0.8.
    """
    largest = max(probabilities)
    weights = [(probability / largest) ** (1 / temperature) for probability in probabilities]
    total = sum(weights)
    return tuple(round(weight / total, 12) for weight in weights)


def listed(class_probabilities: Mapping[str, float]) -> dict[str, float]:
    """Return the class probabilities that the service stores and sends.

    These are all probabilities of up to `MOST_CLASSES` classes. Of more classes they are the
    `LISTED_CLASSES` largest, the largest first, so that records, events and the states of the
    workflow stay small. Of equal probabilities the first classes count.
    """
    if len(class_probabilities) <= MOST_CLASSES:
        return dict(class_probabilities)
    ordered = sorted(class_probabilities.items(), key=lambda one: -one[1])
    return dict(ordered[:LISTED_CLASSES])


def _is_probability(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= 1 + SUM_TOLERANCE
    )


def _excerpt(body: bytes) -> str:
    return repr(body[:100]) + ("..." if len(body) > 100 else "")
