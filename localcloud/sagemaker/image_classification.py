"""Register the image-classification algorithm: the first entry, and the only one that this package brings.

What AWS fixes for it: https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html (content types) and
https://docs.aws.amazon.com/sagemaker/latest/dg/IC-tuning.html (what can be optimized, and what can be tuned for it).
"""

import sys
from pathlib import Path

from starlette.types import ASGIApp

from localcloud.sagemaker.algorithms import Algorithm, BuiltInRules

_EPOCH = r"Epoch\[\d+\] "


def _train(folder: Path) -> list[str | Path]:
    return [sys.executable, "-m", "algorithm.train", folder]


def _serve(model_folder: Path) -> ASGIApp:
    from algorithm import serving  # it brings onnxruntime: not before there is a model

    return serving.create_app(model_folder)


IMAGE_CLASSIFICATION = Algorithm(
    # Of any account: each region has its own. Both tags are AWS's ("Docker registry paths and example code").
    image=r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/image-classification:(1|latest)",
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
        content_types=("application/x-image", "application/x-recordio", "application/x-sagemaker-model"),
    ),
)
