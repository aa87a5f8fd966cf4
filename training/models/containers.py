"""Describe the container of a model for SageMaker: its image, its archive and its variables."""

from typing import Any

from cli.instances import BUILT_IN, TRANSFER_LEARNING

ALGORITHMS = (BUILT_IN, TRANSFER_LEARNING)
CODE = "code"  # the folder of a model of our algorithm that has its script
_SCRIPT_REPOSITORY = "/sagemaker-scikit-learn:"


def algorithm_of(image: str) -> str:
    """Return the name of the algorithm whose models a container image serves."""
    return TRANSFER_LEARNING if _SCRIPT_REPOSITORY in image else BUILT_IN


def container(image: str, model_data: str, digest: str | None) -> dict[str, Any]:
    """Return the container of a CreateModel request or of a model package.

    A model of our algorithm brings its code along. The container gets the path of the code, and the
    digest of the archive, which it cannot know, for its verbose answers.
    """
    described: dict[str, Any] = {"Image": image, "ModelDataUrl": model_data}
    if algorithm_of(image) == TRANSFER_LEARNING:
        described["Environment"] = {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": f"/opt/ml/model/{CODE}",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",  # there may be no network
            **({"MODEL_DIGEST": digest} if digest else {}),
        }
    return described
