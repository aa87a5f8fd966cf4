"""Measure what to do with classes of very different sizes.

    python -m benchmarks.balance [--seeds 10]

Each seed draws unbalanced training, validation and calibration photos of CIFAR-10 and trains the
algorithm's head in three ways: with all photos, with `stage --balance 1.5`, and with `stage
--oversample 1`. Test and calibration photos come in the proportions of the training photos, or
equally many of each class. Differences are to training with all photos, with 95 % intervals.
"""

import argparse
import sys
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from threading import Event

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from scipy.stats import t

from algorithm.epochs import Channel, Epochs
from algorithm.hyperparameters import Hyperparameters
from benchmarks import cifar10, features
from benchmarks.features import Floats, Photos
from training.dataset.preparation import PreparedImage
from training.dataset.selection import balance, oversample
from training.statistics.calibration import as_served, choose_temperature
from training.statistics.precision_guarantee import Candidates, PrecisionGuarantee
from untrusted.console import Console, track

type Labels = NDArray[np.int64]

GUARANTEE = PrecisionGuarantee(0.9, 0.95)
PHOTOS = 10_000  # of the training batches, and of the test batch
ARMS = ("all", "--balance 1.5", "--oversample 1")
# Classes, and the training photos of each; a seed draws which class is large.
TRIALS: dict[str, tuple[Sequence[str], Sequence[int]]] = {
    "cat and dog, 10:1": (("cat", "dog"), (630, 63)),
    "automobile and truck, 10:1": (("automobile", "truck"), (630, 63)),
    "10 classes, up to 5:1": (cifar10.CLASSES, [round(280 * 5 ** (-k / 9)) for k in range(10)]),
    "10 classes, up to 20:1": (cifar10.CLASSES, [round(420 * 20 ** (-k / 9)) for k in range(10)]),
}


@cache
def photos(batch: str, names: Sequence[str]) -> Photos:
    """Return the photos of some classes."""
    return features.photos(batch, PHOTOS).of_classes(*names)


def measure(trial: str, seed: int) -> dict[tuple[str, str, str], float]:
    """Return accuracy and coverage by their name, the proportions, and the arm."""
    names, all_sizes = TRIALS[trial]
    train, test = photos("train", names), photos("test", names)
    chance = np.random.default_rng(seed)
    sizes = chance.permutation(np.array(all_sizes))
    ranked = [chance.permutation(np.flatnonzero(train.labels == c)) for c in range(len(names))]
    held = np.maximum(sizes // 7, 1)
    equal = np.full(len(names), held.sum() // len(names))

    def part(starts: Labels, counts: Labels) -> Labels:
        return np.concatenate(
            [own[a : a + n] for own, a, n in zip(ranked, starts, counts, strict=True)]
        )

    learned, chosen = part(0 * sizes, sizes), train.of(part(sizes, held))
    proportions = {
        "of the training photos": (train.of(part(sizes + held, held)), sizes / sizes.sum()),
        "equal": (train.of(part(sizes + 2 * held, equal)), np.ones(len(names)) / len(names)),
    }
    found = {}
    for arm in ARMS:
        entries = train.of(listed(learned, train.labels, arm, seed))
        settings = Hyperparameters(len(names), len(entries), learning_rate=0.003)
        channels = [Channel(one.features, one.labels) for one in (entries, chosen)]
        head = Epochs(channels[0], channels[1], settings).run(Event()).head
        for name, (sample, shares) in proportions.items():
            weights = (shares / np.bincount(test.labels))[test.labels]
            asked = head.probabilities(sample.features)
            temperature = choose_temperature(asked, sample.labels)
            served = as_served(head.probabilities(test.features), temperature)
            known = as_served(asked, temperature)
            right = known.argmax(axis=1) == sample.labels
            choice = Candidates.of(known.max(axis=1), right).choose(GUARANTEE)
            accepted = served.max(axis=1) >= (choice.threshold if choice else 2)
            hits = served.argmax(axis=1) == test.labels
            found["accuracy", name, arm] = float(weights @ hits)
            found["coverage", name, arm] = float(weights @ accepted)
    return found


def listed(places: Labels, labels: Labels, arm: str, seed: int) -> Labels:
    """Return the entries that `stage` puts into the list of training images."""
    images = [
        PreparedImage(str(place), str(labels[place]), "train", str(place), "png", 1)
        for place in places
    ]
    if arm == "--balance 1.5":
        images, _ = balance(images, Fraction(3, 2), seed)
    if arm == "--oversample 1":
        images = oversample(images, Fraction(1), seed)
    return np.array([int(image.path) for image in images])


def interval(values: Floats) -> str:
    """Return a mean in percent or points with its 95 % interval."""
    reach = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return f"{100 * values.mean():+.1f} ± {100 * reach:.1f}"


def main() -> int:
    """Run the measurements and print a table for each trial."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="(%(default)s)")
    seeds = parser.parse_args().seeds
    for trial in TRIALS:
        runs = [
            measure(trial, seed) for seed in track(Console(stderr=True), trial, range(seeds), seeds)
        ]
        title = f"{trial} (n = {seeds} seeds)"
        table = Table("measure", "proportions at test", *ARMS, title=title)
        for measured, name in dict.fromkeys(key[:2] for key in runs[0]):
            base = np.array([run[measured, name, "all"] for run in runs])
            others = [np.array([run[measured, name, arm] for run in runs]) for arm in ARMS[1:]]
            differences = [interval(other - base) for other in others]
            table.add_row(measured, name, f"{100 * base.mean():.1f}", *differences)
        Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
