"""Measure how many out-of-distribution (OOD) images the service would accept."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from training.dataset.dataset import StagedImage
from training.dataset.manifest import Columns
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
    """None of the out-of-distribution images can be read."""


@dataclass(frozen=True)
class OodSource:
    """A source of out-of-distribution images, and its name."""

    name: str
    source: Source


def open_ood_source(s3: "S3Client", name: str) -> OodSource:
    """List the images of a source before any work. Raises SourceNotReadableError, or an error of its kind of source."""
    return OodSource(name, open_source(name, Columns(), (), s3))


def classify_ood_images(
    classifier: Classifier, ood: OodSource, card: Mapping[str, Any]
) -> dict[str, Any]:
    """Prepare the images of a source as `stage` does, and have the endpoint classify them; none of them is kept.

    Returns: how many there were, and how many are accepted at the card's threshold and at the default threshold.

    Raises:
        NoOodImagesError: there are none that can be read.
        NoAnswerError: the endpoint did not answer one.
    """
    with TemporaryDirectory() as folder:
        prepared, unreadable = prepare_all(ood.source.images, Path(folder), 1, classifier.console)
        if not prepared:
            raise NoOodImagesError(f"{ood.name}: {NoOodImagesError.__doc__}")
        answers = classifier.classify(_read(prepared, Path(folder)))
        told = [answer.probabilities for answer in of_all_classes(answers, len(card["labels"]))]
    calibrated = as_served(np.array(told), card["temperature"])
    default = Acceptance.at(DEFAULT_THRESHOLD, card["labels"], card.get("other_class"))
    return {
        "source": ood.name,
        "kinds": list(ood.source.classes),
        "n": len(told),
        "unreadable": len(unreadable),
        "other_class": card.get("other_class"),
        "at_threshold": acceptance_of(calibrated, Acceptance.of_card(card), card["labels"]),
        "at_default_threshold": acceptance_of(calibrated, default, card["labels"]),
    }


def acceptance_of(
    probabilities: np.ndarray[Any, Any], acceptance: Acceptance, labels: list[str]
) -> dict[str, Any]:
    """How many images that should all be left for review are accepted, with the 95 % interval, and as what."""
    accepted = acceptance.accepted(probabilities)
    count, n = int(accepted.sum()), len(accepted)
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
