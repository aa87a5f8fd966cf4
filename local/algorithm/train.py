"""A training job, in the shape that SageMaker gives its containers.

    python -m local.algorithm.train FOLDER

FOLDER stands for /opt/ml. It reads input/config/hyperparameters.json and, under input/data, the channels train,
validation, train_lst and validation_lst. It writes model/head.npz and model/model.json or, when it fails, the reason in
one sentence, output/failure.
"""

import argparse
import logging
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from local.algorithm import hyperparameters, model
from local.algorithm.backbone import load_backbone
from local.algorithm.calibration import negative_log_likelihood
from local.algorithm.dataset import read_channel
from local.algorithm.errors import AlgorithmError
from local.algorithm.head import Floats, Head, Labels, fit
from local.algorithm.hyperparameters import Hyperparameters

MAX_FAILURE_CHARACTERS = 1024  # SageMaker shows no more of output/failure

logger = logging.getLogger(__name__)


class TooFewImagesError(AlgorithmError):
    """The train and the validation channel each need at least mini_batch_size images."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What a channel comes down to: features (images, features) and class indices (images,)."""

    features: Floats
    labels: Labels

    def metrics(self, head: Head) -> dict[str, float]:
        """Top-1 accuracy and mean cross-entropy of a head on the channel."""
        probabilities = head.probabilities(self.features)
        return {
            "accuracy": float((probabilities.argmax(axis=1) == self.labels).mean()),
            "loss": negative_log_likelihood(probabilities, self.labels),
        }


@dataclass(frozen=True, slots=True)
class Epoch:
    """A head as it was after an epoch, with its metrics on both channels."""

    number: int
    head: Head
    train: dict[str, float]
    validation: dict[str, float]

    def merit(self) -> tuple[float, float]:
        """As the built-in algorithm does, keep the epoch of best validation accuracy; the loss decides among equals."""
        return self.validation["accuracy"], -self.validation["loss"]


def train(root: Path) -> None:
    """Run the job in a folder shaped like /opt/ml. Raises an AlgorithmError that says what is wrong with its input."""
    texts = hyperparameters.read(root / "input" / "config" / "hyperparameters.json")
    chosen = hyperparameters.parse(texts)
    for name in sorted(texts.keys() & set(hyperparameters.WITHOUT_EFFECT)):
        logger.info("%s has no effect: the backbone is %s", name, load_backbone().name)
    train_channel, validation_channel = (load_channel(root, name, chosen) for name in ("train", "validation"))
    if len(train_channel.labels) != chosen.num_training_samples:
        logger.warning("num_training_samples is not %s, the number of images", len(train_channel.labels))
    best = max(epochs(train_channel, validation_channel, chosen), key=Epoch.merit)
    (root / "model").mkdir(parents=True, exist_ok=True)
    model.save(root / "model", best.head, description(best, chosen, texts))


def load_channel(root: Path, name: str, chosen: Hyperparameters) -> Channel:
    """Read a channel and run all its images through the backbone."""
    images = read_channel(root / "input" / "data", name, chosen.num_classes)
    if len(images) < chosen.mini_batch_size:
        raise TooFewImagesError(f"{name} has {len(images)}, mini_batch_size is {chosen.mini_batch_size}")
    features = load_backbone().features_of_files(image.path for image in images)
    return Channel(features, np.array([image.label for image in images]))


def epochs(train: Channel, validation: Channel, chosen: Hyperparameters) -> Iterator[Epoch]:
    """Train, and log each epoch in the built-in algorithm's words: metrics are scraped from these lines."""
    for number, head in enumerate(fit(train.features, train.labels, chosen)):
        epoch = Epoch(number, head, train.metrics(head), validation.metrics(head))
        logger.info("Epoch[%d] Train-accuracy=%f", number, epoch.train["accuracy"])
        logger.info("Epoch[%d] Validation-accuracy=%f", number, epoch.validation["accuracy"])
        yield epoch


def description(best: Epoch, chosen: Hyperparameters, texts: dict[str, str]) -> dict[str, Any]:
    """What model.json says of the model."""
    backbone = load_backbone()
    return {
        "algorithm": "image-classification",
        "backbone": {"name": backbone.name, "sha256": backbone.sha256},
        "num_classes": chosen.num_classes,
        "hyperparameters": {**texts, **asdict(chosen)},
        "epoch": best.number,
        "metrics": {"train": best.train, "validation": best.validation},
    }


def run(root: Path) -> int:
    """Run the job as a container does: returns its exit code, and leaves the reason of a failure in output/failure."""
    try:
        train(root)
    except Exception as error:  # the process boundary
        logger.error("%s: %s", type(error).__name__, error, exc_info=not isinstance(error, AlgorithmError))
        failure = root / "output" / "failure"
        failure.parent.mkdir(parents=True, exist_ok=True)
        failure.write_text(f"{type(error).__name__}: {error}"[:MAX_FAILURE_CHARACTERS], encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="[%(asctime)s %(levelname)s %(thread)d] %(message)s",
        datefmt="%m/%d/%Y %H:%M:%S",
    )
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("/opt/ml"), help="default: /opt/ml")
    sys.exit(run(parser.parse_args().folder))
