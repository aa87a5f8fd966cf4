"""The model card of an endpoint: what classify_image must know of the deployed model."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from observability.aws_error import read_aws_error

MAX_TEMPERATURE = 100.0  # no calibration of a model that learnt anything comes near
GUESS = 0.8  # the threshold where the card recommends none: `training threshold` has not chosen one from data
MIN_THRESHOLD = 1e-6  # as filter_inferences accepts it


class ModelCardNotFoundError(Exception):
    """The endpoint has no model card; `training deploy` writes it."""


class ModelCardAccessDeniedError(Exception):
    """The function's role may not read the model card."""


class OtherModelError(Exception):
    """The endpoint answered with a variant that its model card, as read now, knows nothing of."""


class ModelCardUnavailableError(Exception):
    """The model card cannot be read now; it is worth trying again."""


class InvalidModelCardError(Exception):
    """The model card does not say what classify_image must know of the model."""


@dataclass(frozen=True)
class ModelCard:
    """What the service must know of a model.

    Args:
        labels: Class labels in the order of the model's answer.
        temperature: What calibrates its class probabilities (1: as they are).
        recommended_threshold: Confidence at or above which a prediction keeps the precision that was promised.
        class_thresholds: The same for classes that have their own; None for one whose precision cannot be promised.
        other_class: The class of counter-examples: what the model was taught to be none of the others.
    """

    labels: tuple[str, ...]
    temperature: float
    recommended_threshold: float = GUESS
    class_thresholds: Mapping[str, float | None] = field(default_factory=dict)
    other_class: str | None = None

    @property
    def review_classes(self) -> tuple[str, ...]:
        """The classes whose predictions people decide on, whatever the confidence."""
        unpromised = (
            label for label in self.labels if self.class_thresholds.get(label, 0.0) is None
        )
        return tuple(
            dict.fromkeys((*unpromised, *([self.other_class] if self.other_class else [])))
        )

    def threshold(self, label: str) -> float:
        """The recommended threshold for a prediction of the class."""
        return self.class_thresholds.get(label) or self.recommended_threshold


def parse_model_card(text: str, variant: str) -> ModelCard:
    """Read what the service must know from the JSON of a model card; the rest of it is for people and training.

    Only the labels and the temperature must be there: cards of before thresholds and counter-examples stay valid.

    The card follows the variant: an answer is never read with the card of another model. A card that names no variant
    is that of all; during an A/B test its member `variants` holds the cards of the other ones.

    Raises: InvalidModelCardError, OtherModelError.
    """
    try:
        card = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidModelCardError(f"The model card is not JSON: {exc}.") from exc
    if not isinstance(card, dict):
        raise InvalidModelCardError(
            f"The model card must be a JSON object, not a {type(card).__name__}."
        )
    card = _of_variant(card, variant)
    labels, own, other_class = (
        _labels(card.get("labels")),
        card.get("class_thresholds"),
        card.get("other_class"),
    )
    if (
        not isinstance(own, dict | None)
        or not set(own or {}) <= set(labels)
        or other_class not in (None, *labels)
    ):
        raise InvalidModelCardError(
            "The class_thresholds and the other_class of the model card must name its labels."
        )
    return ModelCard(
        labels,
        _temperature(card.get("temperature")),
        _threshold(card.get("recommended_threshold")) or GUESS,
        {label: _threshold(threshold) for label, threshold in (own or {}).items()},
        other_class,
    )


def is_serverless(text: str) -> bool:
    """Whether the card says that the endpoint is serverless; asked before the endpoint is.

    False for older cards, which do not say it, and for text that `parse_model_card` refuses.
    """
    try:
        card = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(card, dict) and card.get("serverless") is True


def card_error(parameter: str, cause: BaseException | None) -> Exception:
    """Turn what kept the parameter of a model card from being read into a named error."""
    response: dict[str, Any] = (
        getattr(cause, "response", None) or {}
    )  # None: nothing was answered at all
    code = read_aws_error(response).code
    if code == "AccessDeniedException":
        return ModelCardAccessDeniedError(
            f"The role of classify_image may not read the model card {parameter}."
        )
    if code == "ParameterNotFound":
        return ModelCardNotFoundError(
            f"There is no model card {parameter}; scones deploy writes it."
        )
    return ModelCardUnavailableError(f"The model card {parameter} cannot be read: {cause}")


def _of_variant(card: dict[str, Any], variant: str) -> dict[str, Any]:
    if card.get("variant", variant) == variant:
        return card
    others = card.get("variants")
    if not isinstance(others, dict) or not isinstance(others.get(variant), dict):
        raise OtherModelError(
            f"The variant {variant} answered; the model card is that of {card['variant']}."
        )
    own: dict[str, Any] = others[variant]
    return own


def _labels(labels: Any) -> tuple[str, ...]:
    if not isinstance(labels, list) or not all(
        isinstance(label, str) and label.strip() for label in labels
    ):
        raise InvalidModelCardError(
            f"The labels of the model card must be a list of class names, not {labels!r:.200}."
        )
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise InvalidModelCardError(
            f"The labels of the model card must be two or more, each once, not {labels!r:.200}."
        )
    return tuple(labels)


def _temperature(temperature: Any) -> float:
    number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not number or not 0 < temperature <= MAX_TEMPERATURE:
        raise InvalidModelCardError(
            f"The temperature of the model card must be above 0, not {temperature!r:.200}."
        )
    return float(temperature)


def _threshold(threshold: Any) -> float | None:
    if threshold is None:
        return None
    number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not number or not MIN_THRESHOLD <= threshold <= 1:
        raise InvalidModelCardError(
            f"A threshold of the model card must be from 0.000001 to 1, not {threshold!r:.200}."
        )
    return float(threshold)
