"""The model card of an endpoint: what classify_image must know of the deployed model."""

import json
from dataclasses import dataclass
from typing import Any

MAX_TEMPERATURE = 100.0  # no calibration of a model that learnt anything comes near


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
    """Class labels in the order of the model's answer, and the temperature that calibrates it (1: as it is)."""

    labels: tuple[str, ...]
    temperature: float


def parse_model_card(text: str, variant: str) -> ModelCard:
    """Read the labels and the temperature from the JSON of a model card; the rest of it is for people and training.

    The card follows the variant: an answer is never read with the card of another model. A card that names no variant
    is that of all; during an A/B test its member `variants` holds the cards of the other ones.

    Raises: InvalidModelCardError, OtherModelError.
    """
    try:
        card = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidModelCardError(f"The model card is not JSON: {exc}.") from exc
    if not isinstance(card, dict):
        raise InvalidModelCardError(f"The model card must be a JSON object, not a {type(card).__name__}.")
    if card.get("variant", variant) != variant:
        others = card.get("variants")
        if not isinstance(others, dict) or not isinstance(others.get(variant), dict):
            raise OtherModelError(f"The variant {variant} answered; the model card is that of {card['variant']}.")
        card = others[variant]
    return ModelCard(_labels(card.get("labels")), _temperature(card.get("temperature")))


def card_error(parameter: str, cause: BaseException | None) -> Exception:
    """Turn what kept the parameter of a model card from being read into a named error."""
    response: dict[str, Any] = getattr(cause, "response", None) or {}  # None: nothing was answered at all
    code = response.get("Error", {}).get("Code")
    if code == "AccessDeniedException":
        return ModelCardAccessDeniedError(f"The role of classify_image may not read the model card {parameter}.")
    if code == "ParameterNotFound":
        return ModelCardNotFoundError(f"There is no model card {parameter}; python -m training deploy writes it.")
    return ModelCardUnavailableError(f"The model card {parameter} cannot be read: {cause}")


def _labels(labels: Any) -> tuple[str, ...]:
    if not isinstance(labels, list) or not all(isinstance(label, str) and label.strip() for label in labels):
        raise InvalidModelCardError(f"The labels of the model card must be a list of class names, not {labels!r:.200}.")
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise InvalidModelCardError(
            f"The labels of the model card must be two or more, each once, not {labels!r:.200}."
        )
    return tuple(labels)


def _temperature(temperature: Any) -> float:
    number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not number or not 0 < temperature <= MAX_TEMPERATURE:
        raise InvalidModelCardError(f"The temperature of the model card must be above 0, not {temperature!r:.200}.")
    return float(temperature)
