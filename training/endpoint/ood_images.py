"""Measure how many out-of-distribution (OOD) images the service would accept."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from training.dataset.dataset import StagedImage
from training.dataset.manifest_rows import Columns
from training.dataset.preparation import PreparedImage, prepare_all
from training.dataset.source import Source
from training.dataset.sources import open_source
from training.endpoint.answers import Classifier, of_all_classes
from training.project.errors import TrainingError
from training.statistics.acceptance import DEFAULT_THRESHOLD, Acceptance
from training.statistics.calibration import as_served
from training.statistics.metrics import share, wilson_interval

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class NoOodImagesError(TrainingError):
    """Use a source with readable images for --ood."""


@dataclass(frozen=True)
class OodSource:
    """A source of out-of-distribution images, and its name."""

    name: str
    source: Source


def open_ood_source(s3: "S3Client", name: str) -> OodSource:
    """List the images of a source before any other work.

    Raises:
        SourceNotReadableError: The source is missing, empty or of an unknown kind.
    """
    return OodSource(name, open_source(name, Columns(), (), s3))


def classify_ood_images(
    classifier: Classifier, ood: OodSource, card: Mapping[str, Any]
) -> dict[str, Any]:
    """Prepare the images of a source as `stage` does, and classify them without storing any.

    Returns:
        The number of images, and how many are accepted at the card's and at the default threshold.

    Raises:
        NoOodImagesError: No image is readable.
        NoAnswerError: The endpoint refused an image or failed.
    """
    with TemporaryDirectory() as folder:
        prepared, unreadable = prepare_all(ood.source.images, Path(folder), 1, classifier.console)
        if not prepared:
            raise NoOodImagesError(f"{ood.name} has no readable image. {NoOodImagesError.__doc__}")
        answers = classifier.classify(_read(prepared, Path(folder)))
        valid = of_all_classes(answers, len(card["labels"]))
        probabilities = [answer.probabilities for answer in valid]

    calibrated = as_served(np.array(probabilities), card["temperature"])
    default = Acceptance.at(DEFAULT_THRESHOLD, card["labels"], card.get("other_class"))
    return {
        "source": ood.name,
        "kinds": list(ood.source.classes),
        "n": len(probabilities),
        "unreadable": len(unreadable),
        "other_class": card.get("other_class"),
        "at_threshold": acceptance_of(calibrated, Acceptance.of_card(card), card["labels"]),
        "at_default_threshold": acceptance_of(calibrated, default, card["labels"]),
    }


def acceptance_of(
    probabilities: np.ndarray[Any, Any], acceptance: Acceptance, labels: list[str]
) -> dict[str, Any]:
    """Count the accepted images by predicted class, with the 95 % interval of their share."""
    accepted = acceptance.accepted(probabilities)
    count = int(accepted.sum())
    n = len(accepted)
    taken_for = Counter(labels[index] for index in probabilities.argmax(axis=1)[accepted])
    return {
        "threshold": acceptance.strictest,
        "accepted": count,
        "share": share(count, n),
        "interval": list(wilson_interval(count, n)),
        "taken_for": dict(taken_for.most_common()),
    }


def _read(prepared: list[PreparedImage], folder: Path) -> Iterator[StagedImage]:
    for image in prepared:
        yield StagedImage(image.path, -1, (folder / f"{image.digest}.{image.suffix}").read_bytes())
