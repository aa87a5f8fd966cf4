"""Images of no class that the model knows: how many of them the service would accept."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from training.dataset.dataset import LabelledKey
from training.dataset.manifest import Columns
from training.dataset.preparation import PreparedFile, prepare_all
from training.dataset.source import Source
from training.dataset.sources import open_source
from training.endpoint.answers import of_all_classes
from training.endpoint.invocation import classify_all
from training.project.errors import TrainingError
from training.project.step import Context
from training.statistics.acceptance import DEFAULT_THRESHOLD, Acceptance
from training.statistics.calibration import as_served
from training.statistics.metrics import share, wilson_interval


class NoOodImagesError(TrainingError):
    """None of the foreign images can be read."""


@dataclass(frozen=True)
class OodSource:
    """A source of foreign images, and its name."""

    name: str
    source: Source


def open_ood_source(context: Context, name: str) -> OodSource:
    """Look what there is, before any work. Raises SourceNotReadableError and what else a source can be refused for."""
    return OodSource(name, open_source(name, Columns(), (), context.aws.s3))


def classify_ood_images(
    context: Context, foreign: OodSource, variant: str | None, card: Mapping[str, Any], workers: int
) -> dict[str, Any]:
    """Prepare the images of a source as `stage` does, and have the endpoint classify them; nothing of them is kept.

    Returns: how many there were, and how many are accepted at the model card's threshold and at the guess.

    Raises:
        NoOodImagesError: there are none that can be read.
        NoAnswerError: the endpoint did not answer one.
    """
    with TemporaryDirectory() as folder:
        prepared, unreadable = prepare_all(foreign.source.images, Path(folder), 1, context.console)
        if not prepared:
            raise NoOodImagesError(f"{foreign.name}: {NoOodImagesError.__doc__}")
        runtime, endpoint = context.aws.sagemaker_runtime, context.names.endpoint
        images = _read(prepared, Path(folder))
        answers = classify_all(runtime, endpoint, images, workers, variant)
        told = [answer.probabilities for answer in of_all_classes(answers, len(card["labels"]))]
    calibrated = as_served(np.array(told), card["temperature"])
    guess = Acceptance.at(DEFAULT_THRESHOLD, card["labels"], card.get("other_class"))
    return {
        "source": foreign.name,
        "kinds": list(foreign.source.classes),
        "n": len(told),
        "unreadable": len(unreadable),
        "other_class": card.get("other_class"),
        "at_threshold": acceptance_of(calibrated, Acceptance.of_card(card), card["labels"]),
        "at_guess": acceptance_of(calibrated, guess, card["labels"]),
    }


def acceptance_of(probabilities: np.ndarray[Any, Any], acceptance: Acceptance, labels: list[str]) -> dict[str, Any]:
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


def _read(prepared: list[PreparedFile], folder: Path) -> Iterator[tuple[LabelledKey, bytes]]:
    for image in prepared:
        yield LabelledKey(image.path, -1), (folder / f"{image.digest}.{image.suffix}").read_bytes()
