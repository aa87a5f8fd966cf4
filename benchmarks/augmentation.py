"""Measure the effect of augmentation on the local algorithm.

    python -m benchmarks.augmentation [--seeds 5] [--json FILE]

Each seed draws its training images from CIFAR-10: 2,000 of ten classes, and 400 of two classes. It
trains a model for each value of `augmentation_type` with the tool's hyperparameters. The test
images are always the same: all test images of the classes.
"""

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from math import nan
from pathlib import Path
from statistics import mean, stdev
from threading import Event

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # before numpy, for the reason that `algorithm` gives

import numpy as np
from rich.table import Table

from algorithm.augmentation import KINDS, Kind
from algorithm.dataset import LabelledImage
from algorithm.epochs import Channel, Epochs
from algorithm.features import FeatureStore
from algorithm.hyperparameters import Hyperparameters
from algorithm.job import labels_of, train_channel, validation_channel
from benchmarks import cifar10
from untrusted.console import Console

FOLDER = Path("build/cifar10-pool")
# Images of each class: available, and drawn.
POOL = 1_000
TRAIN = 200
VALIDATION = 50
CLASSES = {"cars-and-trucks": ("automobile", "truck"), "cifar-10": cifar10.CLASSES}
HYPERPARAMETERS = tomllib.loads(
    Path("training/jobs/hyperparameters.toml").read_text(encoding="utf-8")
)
NEVER = Event()


@dataclass(frozen=True)
class Figure:
    """The accuracy of one model on the test images."""

    dataset: str
    seed: int
    augmentation: Kind | None
    accuracy: float
    n: int


def drawn(names: Sequence[str], seed: int) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Return the training and the validation images that a seed draws of each class."""
    train: list[LabelledImage] = []
    validation: list[LabelledImage] = []
    for label, name in enumerate(names):
        pool = sorted((FOLDER / "train" / name).iterdir())
        order = np.random.default_rng([seed, *name.encode()]).permutation(len(pool))
        images = [LabelledImage(name, label, pool[index]) for index in order]
        train += images[:TRAIN]
        validation += images[TRAIN : TRAIN + VALIDATION]
    return train, validation


@cache
def test_channel(store: FeatureStore, names: tuple[str, ...]) -> Channel:
    """Return all test images of the classes, as the endpoint sees them."""
    images = [
        LabelledImage(name, label, path)
        for label, name in enumerate(names)
        for path in sorted((FOLDER / "test" / name).iterdir())
    ]
    return Channel(store.of_channel("test", images, NEVER), labels_of(images))


def hyperparameters(images: int, classes: int, kind: Kind | None = None) -> Hyperparameters:
    """Return the tool's hyperparameters for a number of training images and classes."""
    return Hyperparameters(
        num_classes=classes,
        num_training_samples=images,
        epochs=HYPERPARAMETERS["epochs"],
        learning_rate=HYPERPARAMETERS["learning_rate"],
        mini_batch_size=HYPERPARAMETERS["mini_batch_size"],
        resize=HYPERPARAMETERS["resize"],
        augmentation_type=kind,
    )


def measure(store: FeatureStore, dataset: str, seed: int, kind: Kind | None) -> Figure:
    """Train a model and return its accuracy."""
    names = CLASSES[dataset]
    images, held = drawn(names, seed)
    chosen = hyperparameters(len(images), len(names), kind)
    train = train_channel(store, images, chosen, NEVER)
    validation = validation_channel(store, held, chosen, NEVER)
    best = Epochs(train, validation, chosen).run(NEVER)
    test = test_channel(store, names)
    figure = Figure(dataset, seed, kind, test.metrics(best.head)["accuracy"], len(test.labels))
    Console(stderr=True).print(
        f"{dataset}, seed {seed}, {kind}: {figure.accuracy:.2%} of {figure.n:,}"
    )

    return figure


def table(figures: list[Figure]) -> Table:
    """Return a row for each seed, then the mean gain by augmentation and its standard error."""
    shown = Table("dataset", "seed", "none", *KINDS)
    for dataset in CLASSES:
        of = {(one.seed, one.augmentation): one for one in figures if one.dataset == dataset}
        seeds = sorted({seed for seed, _ in of})
        for seed in seeds:
            shown.add_row(
                dataset, str(seed), *(f"{of[seed, kind].accuracy:.2%}" for kind in (None, *KINDS))
            )
        gains = [
            [100 * (of[seed, kind].accuracy - of[seed, None].accuracy) for seed in seeds]
            for kind in KINDS
        ]
        cells = (
            f"{mean(gain):+.2f} ± {stdev(gain) / len(gain) ** 0.5 if len(gain) > 1 else nan:.2f}"
            for gain in gains
        )
        shown.add_row(
            dataset, "gain, points", f"n = {of[seeds[0], None].n:,}", *cells, end_section=True
        )
    return shown


def main() -> int:
    """Run the measurements of the command line and print them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="(%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    asked = parser.parse_args()
    cifar10.fetch(FOLDER, train=POOL * len(cifar10.CLASSES), validation=0)
    store = FeatureStore(FOLDER.with_name("augmentation-features.npz"))
    figures = [
        measure(store, dataset, seed, kind)
        for seed in range(asked.seeds)
        for dataset in CLASSES
        for kind in (None, *KINDS)
    ]
    if asked.json:
        asked.json.write_text(
            json.dumps([asdict(one) for one in figures], indent=2) + "\n", encoding="utf-8"
        )
    Console().print(table(figures))

    return 0


if __name__ == "__main__":
    sys.exit(main())
