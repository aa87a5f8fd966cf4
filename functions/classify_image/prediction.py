"""Parse and calibrate the endpoint's answer."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.classify_image.embedding import is_embedding

# Enough for 2,621 classes: a number in Python's JSON has at most 23 characters, and ", " follows.
# The other members of a verbose answer have 2,048 more. A longer answer is not a prediction.
# `scones stage` refuses more classes.
MAX_ANSWER_BYTES = 65_536 + 2_048
MOST_CLASSES = 100  # of a model whose predictions hold the probability of every class
LISTED_CLASSES = 10  # of a model with more classes; filter_inferences knows this number too
SUM_TOLERANCE = 0.01  # models answer in single precision, some with few digits
_MEMBERS = frozenset({"probabilities", "model_digest", "embedding"})  # of a verbose answer
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class InvalidPredictionError(Exception):
    """The endpoint did not answer with one probability for each class, as JSON."""


@dataclass(frozen=True)
class Answer:
    """The endpoint's answer before its probabilities are checked against a model card.

    Args:
        probabilities: What should be a list of one probability for each class.
        model_digest: Digest of the model that answered; None in a short answer.
        embedding: The 64 numbers of the image's embedding; None in a short answer.
        excerpt: The beginning of the answer, for messages.
    """

    probabilities: Any
    model_digest: str | None
    embedding: tuple[float, ...] | None
    excerpt: str

    def checked(self, classes: int) -> tuple[float, ...]:
        """Return the probabilities in the order of the labels.

        Raises:
            InvalidPredictionError: they are not a list of `classes` probabilities.
        """
        found = self.probabilities
        if not isinstance(found, list) or len(found) != classes:
            raise InvalidPredictionError(
                f"The endpoint must answer a list of {classes} probabilities, one for each label "
                f"of its model card; it answered: {self.excerpt}"
            )
        if not all(map(_is_probability, found)) or abs(sum(found) - 1) > SUM_TOLERANCE:
            raise InvalidPredictionError(
                "The endpoint must answer probabilities, numbers from 0 to 1 whose sum is 1; "
                f"it answered: {self.excerpt}"
            )
        return tuple(map(float, found))


def parse_answer(body: bytes) -> Answer:
    """Return the endpoint's answer: a list of probabilities, or the object of a verbose answer.

    Raises:
        InvalidPredictionError: the answer is not JSON, is too long, or is another object.
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

    if not isinstance(answer, dict) or not answer.keys() >= _MEMBERS:
        return Answer(answer, None, None, _excerpt(body))

    digest, numbers = answer["model_digest"], answer["embedding"]
    if answer.keys() != _MEMBERS or not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise InvalidPredictionError(
            "A verbose answer must have probabilities, the sha256 of the model as model_digest, "
            f"and an embedding; the endpoint answered: {_excerpt(body)}"
        )
    if not is_embedding(numbers):
        raise InvalidPredictionError(
            f"The embedding must be 64 finite numbers; the endpoint answered: {_excerpt(body)}"
        )
    return Answer(answer["probabilities"], digest, tuple(map(float, numbers)), _excerpt(body))


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
