"""Answer an invocation of the inference container: return class probabilities of an image."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from algorithm import model
from algorithm.classification_threads import ClassificationThreads
from algorithm.pixels import UndecodableImageError
from algorithm.refusals import refusal_of


@dataclass(frozen=True)
class Response:
    """An answer of the container: HTTP status, content type and body."""

    status: HTTPStatus
    content_type: str
    body: bytes


class Predictor:
    """Return a predictor of the model in a folder (head.npz, model.json).

    All predictors of a process share one backbone and its threads: one image per core at a time.

    Raises:
        InvalidModelError: the model is not one that this algorithm wrote.
        BackboneMismatchError: the model was trained on another backbone.
        BackboneFileError: the installed backbone is damaged.
    """

    def __init__(self, model_dir: Path) -> None:
        self._threads = ClassificationThreads(model.load(model_dir))

    async def predict(self, content_type: str, body: bytes) -> Response:
        """Return the class probabilities of an encoded image as JSON, or a refusal."""
        if refused := refusal_of(content_type, body):
            return _refusal(refused.status, refused.sentence)

        try:
            probabilities = await self._threads.classify(body)
        except UndecodableImageError as error:
            return _refusal(HTTPStatus.BAD_REQUEST, str(error))
        return Response(HTTPStatus.OK, "application/json", json.dumps(probabilities).encode())


def _refusal(status: HTTPStatus, sentence: str) -> Response:
    return Response(status, "text/plain", sentence.encode())
