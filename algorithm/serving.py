"""Answer an invocation of the algorithm's inference container: an image in, class probabilities out."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from algorithm import model
from algorithm.classification_threads import ClassificationThreads
from algorithm.pixels import UndecodableImageError

EMPTY = "The body is empty: send the bytes of a JPEG or PNG image."
CONTENT_TYPES = ("application/x-image", "image/jpeg", "image/png")


@dataclass(frozen=True)
class Response:
    """What the container answers: an HTTP status, and a body of a content type."""

    status: HTTPStatus
    content_type: str
    body: bytes


class Predictor:
    """The model in a folder (head.npz, model.json).

    All predictors of a process share one backbone and its threads: as many images are classified at once as there
    are cores.

    Raises:
        InvalidModelError, BackboneMismatchError, BackboneFileError: the model is unusable.
    """

    def __init__(self, model_dir: Path) -> None:
        self._threads = ClassificationThreads(model.load(model_dir))

    async def predict(self, content_type: str, body: bytes) -> Response:
        """Return the class probabilities of an encoded image as JSON, or the reason for which there are none."""
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type not in CONTENT_TYPES:
            sentence = f"The content type {media_type!r} is not one of {', '.join(CONTENT_TYPES)}."
            return _refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, sentence)
        if not body:
            return _refusal(HTTPStatus.BAD_REQUEST, EMPTY)

        try:
            probabilities = await self._threads.classify(body)
        except UndecodableImageError as error:
            return _refusal(HTTPStatus.BAD_REQUEST, str(error))
        return Response(HTTPStatus.OK, "application/json", json.dumps(probabilities).encode())


def _refusal(status: HTTPStatus, sentence: str) -> Response:
    return Response(status, "text/plain", sentence.encode())
