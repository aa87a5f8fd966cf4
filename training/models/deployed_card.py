"""The model card of a variant that has just been deployed: what is known of its model, and what was chosen for it."""

from collections.abc import Mapping
from typing import Any

from training.dataset.dataset import Dataset
from training.models.model_card import ModelArchive, model_card
from training.models.trained_model import TrainedModel

_SAME_MODEL = ("model_digest", "data_digest", "labels", "other_class")
# These go together: a threshold was chosen at a temperature, and holds at no other.
_CHOSEN = ("temperature", "calibration", "recommended_threshold", "class_thresholds", "promise")


def deployed_model_card(
    endpoint: str,
    dataset: Dataset,
    model: TrainedModel,
    archive: ModelArchive,
    temperature: float,
    **place: str | bool,
) -> dict[str, Any]:
    """The card, without a threshold.

    `place` names the variant and the endpoint configuration, and says whether it is serverless.

    Raises:
        ModelCardTooLargeError: no parameter can hold it.
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
        **place,
    )


def with_what_was_chosen(card: dict[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
    """The card, with temperature and thresholds of the present one if that is of the same model and the same images.

    During an A/B test the present one may be that of either variant.
    """
    for known in (present, *present.get("variants", {}).values()):
        if all(known.get(member) == card[member] for member in _SAME_MODEL):
            return card | {member: known[member] for member in _CHOSEN if member in known}
    return card
