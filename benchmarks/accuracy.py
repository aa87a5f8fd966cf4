"""Measure the accuracy of the transfer-learning algorithm on CIFAR-10, for `make accuracy`.

Each seed draws its training images: 2,000 of ten classes, and 400 of automobiles and trucks. The
algorithm trains as in a job, with the tool's hyperparameters. The test images are always the same:
all test images of the classes, 10,000 and 2,000. They are fetched on demand into build/.

A paired test compares the model with the head before 2026-12-01 on the same images: trained on the
crops alone, without the discriminant.
"""

import os
import sys
import time
from dataclasses import dataclass, replace

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # before numpy, for the reason that `algorithm` gives

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from algorithm.epochs import Channel, Epochs
from algorithm.features import FeatureStore
from algorithm.head import Head, HeadTraining
from algorithm.hyperparameters import Hyperparameters
from algorithm.job import train_channel, validation_channel
from benchmarks import cifar10
from benchmarks.augmentation import (
    CLASSES,
    FOLDER,
    NEVER,
    POOL,
    drawn,
    hyperparameters,
    test_channel,
)
from training.statistics.metrics import wilson_interval
from training.statistics.paired_accuracy import Comparison
from untrusted.console import Console

SEEDS = 3
MOST_SECONDS = 60.0  # for the training on 2 cores
LEAST_ACCURACY = {"cars-and-trucks": 0.94, "cifar-10": 0.88}


@dataclass(frozen=True)
class Figure:
    """What a seed measured: right answers of both heads to the same test images, and seconds."""

    dataset: str
    seed: int
    right: NDArray[np.bool_]
    right_before: NDArray[np.bool_]
    seconds: float

    @property
    def accuracy(self) -> float:
        """Return the share of the test images that the model classifies correctly."""
        return float(self.right.mean())

    @property
    def reached(self) -> bool:
        """Return whether accuracy and seconds reach their targets."""
        return self.accuracy >= LEAST_ACCURACY[self.dataset] and self.seconds <= MOST_SECONDS

    def row(self) -> list[str]:
        """Return the cells of the table."""
        n = len(self.right)
        low, high = wilson_interval(int(self.right.sum()), n)
        paired = Comparison.of(self.right.tolist(), self.right_before.tolist())
        from_, to = paired.interval
        return [
            self.dataset,
            str(self.seed),
            f"{self.accuracy:.2%}",
            f"{low:.1%} to {high:.1%}",
            f"{n:,}",
            f"{LEAST_ACCURACY[self.dataset]:.0%}",
            f"{self.right_before.mean():.2%}",
            f"{from_:+.2%} to {to:+.2%}",
            f"{paired.p_value:.1e}",
            f"{self.seconds:.1f} s",
        ]


def measure(store: FeatureStore, dataset: str, seed: int) -> Figure:
    """Train as a job does, without stored features, and compare with the head before."""
    names = CLASSES[dataset]
    images, held = drawn(names, seed)
    chosen = hyperparameters(len(images), len(names))
    begun = time.monotonic()
    fresh = FeatureStore()
    train = train_channel(fresh, images, chosen, NEVER)
    validation = validation_channel(fresh, held, chosen, NEVER)
    head = Epochs(train, validation, chosen).run(NEVER).head
    seconds = time.monotonic() - begun

    [crops] = train.views
    before = head_before(Channel(crops, train.labels), validation, chosen)
    test = test_channel(store, names)
    right, right_before = (
        one.probabilities(test.features).argmax(axis=1) == test.labels for one in (head, before)
    )
    return Figure(dataset, seed, right, right_before, seconds)


def head_before(train: Channel, validation: Channel, chosen: Hyperparameters) -> Head:
    """Return the head of the best epoch, trained without a discriminant.

    A job that starts from an earlier head adds none. This one starts from equal probabilities, as a
    job without an earlier head does.
    """
    training = HeadTraining(train.features, train.labels, chosen)
    equal = training.head(training.beginning(None))
    return replace(Epochs(train, validation, chosen), head=equal).run(NEVER).head


def main() -> int:
    """Measure both datasets with each seed, print a table, and return 0 if all is reached."""
    cifar10.fetch(FOLDER, train=POOL * len(cifar10.CLASSES), validation=0)
    store = FeatureStore(FOLDER.with_name("accuracy-features.npz"))
    console = Console(stderr=True)
    figures = []
    for seed in range(SEEDS):
        for dataset in CLASSES:
            figures.append(measure(store, dataset, seed))
            console.print(*figures[-1].row())

    table = Table("dataset", "seed", "accuracy", "95 % interval", "n", "at least", "head before")
    for header in ("difference", "paired p", f"training, at most {MOST_SECONDS:.0f} s"):
        table.add_column(header)
    for figure in figures:
        table.add_row(*figure.row())
    Console().print(table)
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
