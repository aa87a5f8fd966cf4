"""The model card of a variant that has just been deployed: what is known of its model, and no threshold yet."""

from typing import Any

from training.dataset import Dataset
from training.deploy.trained_model import TrainedModel
from training.model_card import ModelArchive, model_card
from training.step import Context


def deployed_model_card(
    context: Context, dataset: Dataset, model: TrainedModel, archive: ModelArchive, temperature: float, **place: str
) -> dict[str, Any]:
    """The card; `place` names the variant, and the endpoint configuration.

    Raises:
        ModelCardTooLargeError: no parameter can hold it.
    """
    return model_card(
        context.names.endpoint,
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
