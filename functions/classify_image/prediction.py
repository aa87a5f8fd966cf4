"""From the endpoint's answer to calibrated class probabilities."""

import json
from collections.abc import Sequence
from typing import Any

MAX_ANSWER_BYTES = 65_536  # more than a thousand classes; whatever is longer is no prediction
SUM_TOLERANCE = 0.01  # models answer in single precision, some with few digits


class InvalidPredictionError(Exception):
    """The endpoint's answer is not a JSON list with one probability for each class of the model card."""


def parse_prediction(body: bytes, classes: int) -> tuple[float, ...]:
    """Read the endpoint's answer, a JSON list of `classes` probabilities in the order of the labels.

    Raises: InvalidPredictionError, with what came.
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
            f"The endpoint must answer a list of {classes} probabilities, one for each label of its model card;"
            f" it answered: {_excerpt(body)}"
        )
    if not all(map(_is_probability, answer)) or abs(sum(answer) - 1) > SUM_TOLERANCE:
        raise InvalidPredictionError(
            f"The endpoint must answer probabilities, numbers from 0 to 1 whose sum is 1; it answered: {_excerpt(body)}"
        )
    return tuple(map(float, answer))


def calibrate(probabilities: Sequence[float], temperature: float) -> tuple[float, ...]:
    """Temperature scaling (Guo et al., 2017): p^(1/T), normalised; above 1 a temperature makes less confident.

    Done on ratios to the largest probability, so that no temperature makes every term vanish. Twelve digits are kept:
    the rounding error of the division must not turn 0.8 into something below a confidence threshold of 0.8.
    """
    largest = max(probabilities)
    weights = [(probability / largest) ** (1 / temperature) for probability in probabilities]
    total = sum(weights)
    return tuple(round(weight / total, 12) for weight in weights)


def _is_probability(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= 1 + SUM_TOLERANCE
    )


def _excerpt(body: bytes) -> str:
    return repr(body[:100]) + ("..." if len(body) > 100 else "")
