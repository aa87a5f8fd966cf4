"""Serve in script mode: the functions that the container calls for a model and an invocation.

The container answers 500 to any error of these functions. So a refusal is a value that passes
through them and becomes a response with its own status.
"""

import json
import os
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithm.packages import bring_packages

bring_packages()

from algorithm import model  # noqa: E402  # these need the packages
from algorithm.embedding import embedding  # noqa: E402
from algorithm.pixels import UndecodableImageError  # noqa: E402
from algorithm.refusals import Refusal, refusal_of  # noqa: E402

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIGEST = "MODEL_DIGEST"  # the variable of the model with the sha256 of its archive
JSON = "application/json"


@dataclass(frozen=True)
class Prediction:
    """The class probabilities of an image, in class index order, and its features."""

    probabilities: list[float]
    features: "NDArray[np.float32]"


def model_fn(model_dir: str) -> model.Model:
    """Load the model in a folder.

    Raises:
        InvalidModelError: the model is not one that this algorithm wrote.
        BackboneMismatchError: the model was trained on another backbone.
    """
    return model.load(Path(model_dir))


def input_fn(body: bytes, content_type: str) -> bytes | Refusal:
    """Return the encoded image of a request, or its refusal."""
    return refusal_of(content_type, body) or body


def predict_fn(image: bytes | Refusal, served: model.Model) -> Prediction | Refusal:
    """Classify an encoded image; pass a refusal on."""
    if isinstance(image, Refusal):
        return image
    try:
        features = served.backbone.features(image)
    except UndecodableImageError as error:
        return Refusal(HTTPStatus.BAD_REQUEST, str(error))
    return Prediction([float(p) for p in served.head.probabilities(features)], features)


def output_fn(answer: Prediction | Refusal, accept: str) -> Any:
    """Return the response: a JSON list of probabilities, or with `;verbose=true` an object."""
    if isinstance(answer, Refusal):
        from flask import Response  # of the container

        return Response(answer.sentence, int(answer.status), mimetype="text/plain")
    content = verbose(answer) if is_verbose(accept) else answer.probabilities
    return json.dumps(content), JSON


def is_verbose(accept: str) -> bool:
    """Return whether an Accept header asks for more than the probabilities."""
    parameters = accept.replace(" ", "").lower().split(";")[1:]
    return "verbose=true" in parameters


def verbose(prediction: Prediction) -> dict[str, Any]:
    """Return the probabilities with the model's digest and the image's embedding."""
    return {
        "probabilities": prediction.probabilities,
        "model_digest": os.environ.get(DIGEST),
        "embedding": [round(float(one), 6) for one in embedding(prediction.features)],
    }
