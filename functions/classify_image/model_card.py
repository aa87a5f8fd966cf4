"""The model card of an endpoint: labels, temperature and thresholds of the deployed model."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from observability.aws_error import read_aws_error

from functions.classify_image.class_list import MEMBER, ClassListPlace

MAX_TEMPERATURE = 100.0  # far above the calibration of any trained model
DEFAULT_THRESHOLD = 0.8  # until `scones threshold` has chosen a threshold from data
MIN_THRESHOLD = 1e-6  # as in filter_inferences
MAX_DIGEST = 100  # characters; `scones deploy` writes 71, as in sha256:0123...
MAX_SPACE = 32  # characters; `scones deploy` writes 12
UNKNOWN_MODEL = "unknown"  # in cards that were written before cards named their model


class ModelCardNotFoundError(Exception):
    """The endpoint has no model card, or no list of its classes; `scones deploy` writes both."""


class ModelCardAccessDeniedError(Exception):
    """The function's role may not read the model card, or the list of its classes."""


class OtherModelError(Exception):
    """The endpoint answered with a variant or a model that is missing in its model card."""


class ModelCardUnavailableError(Exception):
    """The model card cannot be read now; the same request may succeed later."""


class InvalidModelCardError(Exception):
    """The model card lacks a valid value, or its list of classes is not the one it names."""


type ReadClassList = Callable[[ClassListPlace], Mapping[str, Any]]


@dataclass(frozen=True)
class ModelCard:
    """The properties of a deployed model that the service needs.

    Args:
        labels: Class labels in the order of the model's answer.
        temperature: Temperature that calibrates the class probabilities; 1 changes nothing.
        recommended_threshold: Confidence threshold with the precision guarantee.
        class_thresholds: Thresholds of single classes; None for a class without a guarantee.
        other_class: The class of negative examples.
        model_digest: Digest of the served model.tar.gz; it names the model that decides.
        embedding_space: The space of the embeddings in the model's verbose answers; None without.
    """

    labels: tuple[str, ...]
    temperature: float
    recommended_threshold: float = DEFAULT_THRESHOLD
    class_thresholds: Mapping[str, float | None] = field(default_factory=dict)
    other_class: str | None = None
    model_digest: str = UNKNOWN_MODEL
    embedding_space: str | None = None

    @property
    def review_classes(self) -> tuple[str, ...]:
        """The classes whose predictions are for review at any confidence."""
        without_guarantee = [
            label for label in self.labels if self.class_thresholds.get(label, 0.0) is None
        ]
        negative = [self.other_class] if self.other_class else []
        return tuple(dict.fromkeys([*without_guarantee, *negative]))

    def threshold(self, label: str) -> float:
        """Return the recommended threshold for a prediction of the class."""
        return self.class_thresholds.get(label) or self.recommended_threshold


def parse_model_card(
    text: str,
    variant: str,
    read_class_list: ReadClassList | None = None,
    digest: str | None = None,
) -> ModelCard:
    """Return the model card of a variant from its JSON; fields for people and training are ignored.

    Only labels and temperature are required, so that cards of earlier releases stay valid.

    An answer is never read with the card of another model. A card without a variant is for all
    variants. During an A/B test its member `variants` holds the cards of the other variants.
    While the endpoint moves to another model of the same classes, `next` names that model; its
    answers are read with the present temperature and thresholds until the model is tested.

    Args:
        text: The JSON of the card.
        variant: The production variant that answered.
        read_class_list: Reads labels and class_thresholds that do not fit into the card.
        digest: Digest of the model that answered, from its verbose answer.

    Raises:
        InvalidModelCardError: a value is missing or invalid.
        OtherModelError: the card has no entry for the variant, or another model answered.
    """
    try:
        card = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidModelCardError(f"The model card is not JSON: {exc}.") from exc

    if not isinstance(card, dict):
        raise InvalidModelCardError(
            f"The model card must be a JSON object, not a {type(card).__name__}."
        )

    own = _of_model(card, _of_variant(card, variant), digest)
    card = _with_class_list(own, read_class_list)
    labels = _labels(card.get("labels"))
    thresholds = card.get("class_thresholds")
    other_class = card.get("other_class")
    if (
        not isinstance(thresholds, dict | None)
        or not set(thresholds or {}) <= set(labels)
        or other_class not in (None, *labels)
    ):
        raise InvalidModelCardError(
            "The class_thresholds and the other_class of the model card must name its labels."
        )

    return ModelCard(
        labels,
        _temperature(card.get("temperature")),
        _threshold(card.get("recommended_threshold")) or DEFAULT_THRESHOLD,
        {label: _threshold(threshold) for label, threshold in (thresholds or {}).items()},
        other_class,
        _digest(card.get("model_digest")),
        _space(card.get("embedding_space")),
    )


def is_serverless(text: str) -> bool:
    """Return whether the card describes a serverless endpoint.

    Return False for cards of earlier releases, and for text that `parse_model_card` refuses.
    """
    try:
        card = json.loads(text)
    except (ValueError, RecursionError):
        return False

    return isinstance(card, dict) and card.get("serverless") is True


def asks_verbose(text: str) -> bool:
    """Return whether every model that may answer gives verbose answers, by the card's text.

    A model that may not is never asked: what the built-in algorithm answers then is undocumented.
    Return False for cards of earlier releases, and for text that `parse_model_card` refuses.
    """
    try:
        card = json.loads(text)
    except (ValueError, RecursionError):
        return False

    return isinstance(card, dict) and _is_verbose(card)


def card_error(parameter: str, cause: BaseException | None) -> Exception:
    """Return the named error for a model card whose parameter cannot be read."""
    # Without an answer of AWS the cause has no response.
    response: dict[str, Any] = getattr(cause, "response", None) or {}
    code = read_aws_error(response).code
    if code == "AccessDeniedException":
        return ModelCardAccessDeniedError(
            f"The role of classify_image may not read the model card {parameter}."
        )
    if code == "ParameterNotFound":
        return ModelCardNotFoundError(
            f"There is no model card {parameter}. `scones deploy` writes it."
        )

    return ModelCardUnavailableError(f"The model card {parameter} cannot be read: {cause}")


def _of_variant(card: dict[str, Any], variant: str) -> dict[str, Any]:
    if card.get("variant", variant) == variant:
        return card

    others = card.get("variants")
    if not isinstance(others, dict) or not isinstance(others.get(variant), dict):
        raise OtherModelError(
            f"The variant {variant} answered, but the model card is for {card['variant']}."
        )

    own: dict[str, Any] = others[variant]
    return own


def _with_class_list(
    card: dict[str, Any], read_class_list: ReadClassList | None
) -> Mapping[str, Any]:
    if MEMBER not in card or read_class_list is None:
        return card
    try:
        return {**card, **read_class_list(ClassListPlace.of(card[MEMBER]))}
    except ValueError as exc:
        raise InvalidModelCardError(f"{exc} `scones deploy` writes both again.") from exc


def _of_model(card: dict[str, Any], own: dict[str, Any], digest: str | None) -> dict[str, Any]:
    """Return the entry of the model that answered, of a card and its entry for a variant."""
    expected = own.get("model_digest")
    if digest is None:
        if _is_verbose(card):
            raise OtherModelError(
                f"A model without verbose answers answered, but the model card is for {expected}. "
                "Deploy it with `scones deploy`."
            )
        return own

    following = card.get("next")
    if digest == expected:
        return own
    if isinstance(following, dict) and following.get("model_digest") == digest:
        return own | following
    raise OtherModelError(
        f"The model {digest} answered, but the model card is for {expected}. Deploy it with "
        "`scones deploy`."
    )


def _is_verbose(card: dict[str, Any]) -> bool:
    variants = card.get("variants")
    others = list(variants.values()) if isinstance(variants, dict) else []
    following = [card["next"]] if "next" in card else []
    return all(
        isinstance(one, dict) and one.get("embedding_space") is not None
        for one in (card, *others, *following)
    )


def _labels(labels: Any) -> tuple[str, ...]:
    if not isinstance(labels, list) or not all(
        isinstance(label, str) and label.strip() for label in labels
    ):
        raise InvalidModelCardError(
            f"The labels of the model card must be a list of class names, not {labels!r:.200}."
        )
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise InvalidModelCardError(
            f"The model card needs at least two different labels, not {labels!r:.200}."
        )

    return tuple(labels)


def _digest(digest: Any) -> str:
    if digest is None:
        return UNKNOWN_MODEL
    if not isinstance(digest, str) or not 0 < len(digest) <= MAX_DIGEST:
        raise InvalidModelCardError(
            f"The model_digest of the model card must be a short text, not {digest!r:.200}."
        )
    return digest


def _space(space: Any) -> str | None:
    if space is None:
        return None
    if not isinstance(space, str) or not 0 < len(space) <= MAX_SPACE or ":" in space:
        raise InvalidModelCardError(
            f"The embedding_space of the model card must be a short text, not {space!r:.200}."
        )
    return space


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
