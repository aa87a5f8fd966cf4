"""Describe the image-classification algorithm, the algorithm of this package, for the registry.

AWS's rules for it are in the SageMaker developer guide:
https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html (content types),
https://docs.aws.amazon.com/sagemaker/latest/dg/IC-tuning.html (objectives, tunable
hyperparameters).
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from localcloud.api.protocol import Answer
from localcloud.sagemaker.algorithms import REGISTRY, Algorithm, BuiltInRules, Invoke

_CODE = "code"  # a model of script mode brings its script along, in this folder
_EPOCH = r"Epoch\[\d+\] "


class OtherAlgorithmError(Exception):
    """The model is of a script, which the image of the built-in algorithm cannot serve."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def _train(folder: Path) -> list[str | Path]:
    return [sys.executable, "-m", "algorithm.train", folder]


def _serve(model_folder: Path, _variables: Mapping[str, str]) -> Invoke:
    from algorithm.serving import (
        Predictor,
        # The import loads onnxruntime, which is needed for models only.
    )

    if (model_folder / _CODE).is_dir():
        raise OtherAlgorithmError
    predictor = Predictor(model_folder)

    async def invoke(headers: Mapping[str, str], body: bytes) -> Answer:
        response = await predictor.predict(headers.get("content-type", ""), body)
        return Answer(int(response.status), {"content-type": response.content_type}, response.body)

    return invoke


IMAGE_CLASSIFICATION = Algorithm(
    # AWS has both tags ("Docker registry paths").
    image=REGISTRY + "image-classification:(1|latest)",
    train=_train,
    serve=_serve,
    built_in=BuiltInRules(
        metric_definitions=(
            {"Name": "train:accuracy", "Regex": _EPOCH + r"Train-accuracy=([0-9.]+)"},
            {"Name": "validation:accuracy", "Regex": _EPOCH + r"Validation-accuracy=([0-9.]+)"},
        ),
        objective_metrics=("validation:accuracy",),
        tunable_hyperparameters=(
            "beta_1",
            "beta_2",
            "eps",
            "gamma",
            "learning_rate",
            "mini_batch_size",
            "momentum",
            "optimizer",
            "weight_decay",
        ),
        content_types=(
            "application/x-image",
            "application/x-recordio",
            "application/x-sagemaker-model",
        ),
    ),
)
