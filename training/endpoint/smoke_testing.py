"""Smoke-test the model that an endpoint serves, and fit its calibration temperature.

Training images, which the model has learned, show whether the answers are plausible. Calibration
images, which are not part of the training, calibrate. The test split is not used, because it
measures the result of such choices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.names import shorten
from training.dataset.answer import Answer
from training.dataset.dataset import CALIBRATION, TRAIN, Dataset, StagedImage
from training.endpoint.answers import Classifier
from training.endpoint.errors import SmokeTestError
from training.endpoint.invocation import NoAnswerError, read_images

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SMOKE_IMAGES = 10
CALIBRATION_IMAGES = 2000  # enough for one number; they need at most 90 MB of memory
WORKERS = 8

type Images = list[StagedImage]


@dataclass(frozen=True)
class SmokeTestImages:
    """A training image of each of at most 10 classes, and calibration images of all classes."""

    known: Images
    calibration: Images


def read_smoke_test_images(s3: "S3Client", dataset: Dataset) -> SmokeTestImages:
    """Read the images from S3 before the endpoint changes, so that a failure changes nothing."""
    first_of_class = {image.label: image for image in reversed(dataset.images(s3, TRAIN))}
    known = _spread([first_of_class[label] for label in sorted(first_of_class)], SMOKE_IMAGES)
    calibration = _spread(dataset.images(s3, CALIBRATION), CALIBRATION_IMAGES)
    read = {
        image.key: image
        for image in read_images(s3, dataset.bucket, [*known, *calibration], WORKERS)
    }
    return SmokeTestImages([read[one.key] for one in known], [read[one.key] for one in calibration])


def smoke_test(classifier: Classifier, images: Images) -> dict[str, Any]:
    """Classify training images. Return how many there are, and how many are right.

    Raises:
        SmokeTestError: The endpoint does not answer, answers for another number of classes, or
            predicts most images wrong.
    """
    answers = _ask(classifier, images)
    right = sum(answer.prediction == answer.label for answer in answers)
    if right < len(images) / 2:
        raise SmokeTestError(
            f"The endpoint predicts {right} of {len(images)} training images right. "
            f"{SmokeTestError.__doc__}"
        )
    return {"images": len(images), "right": right}


@dataclass(frozen=True)
class Calibration:
    """The fitted temperature, the accuracy on calibration images, and the endpoint's answers."""

    temperature: float
    accuracy: float
    answers: Sequence[Answer]


def calibrate(classifier: Classifier, images: Images) -> Calibration:
    """Classify the calibration images, and fit the temperature if they show that it helps.

    Raises:
        SmokeTestError: The endpoint does not answer, or answers for another number of classes.
    """
    import numpy as np

    from training.statistics.calibration import choose_temperature

    answers = _ask(classifier, images)
    probabilities = np.array([answer.probabilities for answer in answers])
    labels = np.array([answer.label for answer in answers])
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    return Calibration(choose_temperature(probabilities, labels), accuracy, answers)


def _ask(classifier: Classifier, images: Images) -> list[Answer]:
    labels = classifier.dataset.labels
    try:
        answers = list(classifier.classify(images))
    except NoAnswerError as exc:
        raise SmokeTestError(str(exc)) from exc
    for answer in answers:
        if len(answer.probabilities) != len(labels):
            raise SmokeTestError(
                f"The endpoint returns {len(answer.probabilities)} class probabilities, and the "
                f"dataset has {len(labels)} classes: {shorten(labels)}. {SmokeTestError.__doc__}"
            )
    return answers


def _spread(images: Sequence[StagedImage], most: int) -> list[StagedImage]:
    """Return at most `most` images, evenly spread over the list."""
    count = min(most, len(images))
    return [images[position * len(images) // count] for position in range(count)]
