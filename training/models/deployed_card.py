"""Build the model card of a newly deployed variant, and carry over its chosen thresholds."""

from collections.abc import Mapping
from typing import Any

from training.dataset.dataset import Dataset
from training.models.model_card import ModelArchive, model_card
from training.models.trained_model import TrainedModel

_SAME_MODEL = ("model_digest", "data_digest", "labels", "other_class")
# These members go together: a threshold is valid only at the temperature that it was chosen at.
_CHOSEN = (
    "temperature",
    "calibration",
    "recommended_threshold",
    "class_thresholds",
    "precision_guarantee",
)


def deployed_model_card(
    endpoint: str,
    dataset: Dataset,
    model: TrainedModel,
    archive: ModelArchive,
    temperature: float,
    **place: str | bool,
) -> dict[str, Any]:
    """Return the card, without a threshold.

    `place` names the variant and the endpoint configuration, and says whether it is serverless.

    Raises:
        ModelCardTooLargeError: The card does not fit into SSM parameters.
    """
    return model_card(
        endpoint,
        model.labels,
        temperature,
        archive,
        metrics=model.metrics,
        backbone=archive.backbone or model.backbone,
        training_job=model.training_job,
        data_digest=model.data_digest,
        other_class=dataset.other_class,
        **({"embedding_space": archive.embedding_space} if archive.embedding_space else {}),
        **place,
    )


def with_chosen_members(card: dict[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """Carry over temperature and thresholds from the present card of the same model and images.

    During an A/B test the present card holds the cards of both variants.
    """
    for known in (present, *present.get("variants", {}).values()):
        if all(known.get(member) == card[member] for member in _SAME_MODEL):
            return card | {member: known[member] for member in _CHOSEN if member in known}
    return card
