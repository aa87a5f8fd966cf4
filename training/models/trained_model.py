"""Describe the model to deploy: the result of `train`, or another archive of the same classes."""

from dataclasses import dataclass
from typing import Any, Self

from training.project.run_file import RunFile


@dataclass(frozen=True)
class TrainedModel:
    """A model.tar.gz in S3, its container image and role, and its training facts."""

    model_data: str
    image: str
    role: str
    labels: tuple[str, ...]
    training_job: str | None
    metrics: dict[str, float]
    data_digest: str | None
    model_digest: str | None
    backbone: str

    @classmethod
    def of(cls, run: RunFile, model_data: str | None, role: str | None) -> Self:
        """Return the run's trained model. A `model_data` instead has no known training job.

        Raises:
            StepNotDoneError: The run has not trained a model.
        """
        trained: dict[str, Any] = run.result("train")
        own = model_data in (None, trained["model_data"])
        return cls(
            model_data=model_data or trained["model_data"],
            image=trained["image"],
            role=role or trained["role"],
            labels=tuple(trained["labels"]),
            training_job=trained["training_job"] if own else None,
            metrics=trained["metrics"] if own else {},
            data_digest=trained["dataset_digest"] if own else None,
            model_digest=trained.get("model_digest") if own else None,
            # The built-in algorithm's backbone; our algorithm names its backbone in the archive.
            backbone=f"ResNet-{trained['hyperparameters']['num_layers']}",
        )
