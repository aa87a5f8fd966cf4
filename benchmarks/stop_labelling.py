"""Measure when the rule ends the labelling: `python -m benchmarks.stop_labelling [--seeds 10]`.

Each round labels the photos of CIFAR-10 with the smallest margins, trains the algorithm's head
again, and compares its predictions with those of the round before, on test photos. The rule is that
of `scones evaluate`: kappa of at least 0.98 twice. The accuracy at this point is compared with the
accuracy after the last round, on all test photos of these classes.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

import numpy as np
from rich.table import Table

from algorithm import hyperparameters
from algorithm.epochs import Channel, Epochs
from algorithm.head import Head
from benchmarks import cifar10
from benchmarks.features import Photos, photos
from review.order.selection import margins
from training.jobs.hyperparameters import DEFAULTS, read
from training.statistics.label_value import label_value
from training.statistics.model_change import Decision, compare
from untrusted.console import Console, track

BATCH = 10_000  # photos
VALIDATION = 100  # photos
LARGEST_LOSS = 0.01  # of accuracy at the end of labelling, as a mean over the seeds


@dataclass(frozen=True)
class Problem:
    """Classes, and the photos that are labelled at first, in each round, and at most.

    `seen` is the number of test photos that the rule sees.
    """

    name: str
    classes: tuple[str, ...]
    start: int
    step: int
    most: int
    seen: int = 400


PROBLEMS = (
    Problem("2 classes", ("automobile", "truck"), 40, 40, 640),
    Problem("10 classes", cifar10.CLASSES, 200, 200, 4_000),
)


@dataclass(frozen=True)
class Stop:
    """The end of labelling in one draw: labels there, and the accuracy there and at the end.

    `labels` is None if the rule never holds.
    """

    problem: str
    seed: int
    labels: int | None
    accuracy: float
    last_accuracy: float


def trained(train: Photos, validation: Photos, classes: int) -> Head:
    """Train the algorithm's head with the training tool's hyperparameters."""
    sizes = {"num_classes": str(classes), "num_training_samples": str(len(train))}
    channel, held = (Channel(one.features, one.labels) for one in (train, validation))
    given = hyperparameters.parse({**read(DEFAULTS), **sizes})
    return Epochs(channel, held, given).run(Event()).head


def label_until_stable(problem: Problem, pool: Photos, test: Photos, seed: int) -> Stop:
    """Label, train and compare round by round; return where the rule holds for the first time."""
    order = np.random.default_rng(seed).permutation(len(pool))
    validation, free = pool.of(order[:VALIDATION]), order[VALIDATION:]
    labelled, free = free[: problem.start], free[problem.start :]
    truth = {
        str(at): problem.classes[label] for at, label in enumerate(test.labels[: problem.seen])
    }
    before: dict[str, Decision] = {}
    kappa, stop = None, None

    while True:
        head = trained(pool.of(labelled), validation, len(problem.classes))
        answered = head.probabilities(test.features)
        accuracy = float((answered.argmax(axis=1) == test.labels).mean())
        named = [problem.classes[at] for at in answered.argmax(axis=1)[: problem.seen]]
        after = {str(at): Decision(name, accepted=True) for at, name in enumerate(named)}
        if change := compare(before, after, truth, None):
            earlier = len(labelled) - problem.step
            value = label_value(change, earlier, problem.step, kappa, None)
            kappa = change.agreement.kappa
            if value and value.is_stable and stop is None:
                stop = (len(labelled), accuracy)
        if len(labelled) >= problem.most:
            labels, reached = stop or (None, accuracy)
            return Stop(problem.name, seed, labels, reached, accuracy)
        before = after
        chosen = np.argsort(margins(head.probabilities(pool.features[free])))[: problem.step]
        labelled, free = np.append(labelled, free[chosen]), np.delete(free, chosen)


def measure(seeds: int, console: Console) -> Iterator[Stop]:
    """Return the end of labelling of each problem and seed."""
    train, test = photos("train", BATCH), photos("test", BATCH)
    trials = [(problem, seed) for problem in PROBLEMS for seed in range(seeds)]
    for problem, seed in track(console, "Label until stable", trials, len(trials)):
        pool, held = (one.of_classes(*problem.classes) for one in (train, test))
        yield label_until_stable(problem, pool, held, seed)


def table(stops: list[Stop]) -> Table:
    """Return a line for each problem."""
    shown = Table(
        *("problem", "seeds", "stopped", "labels", "range", "accuracy", "at the end", "loss"),
        title="When kappa of successive models is at least 0.98 twice",
    )
    for problem in PROBLEMS:
        own = [one for one in stops if one.problem == problem.name]
        ended = [one for one in own if one.labels is not None]
        labels = [one.labels for one in ended if one.labels is not None]
        if not labels:
            shown.add_row(problem.name, str(len(own)), "0", *["-"] * 5)
            continue
        there, last = (np.mean([value(one) for one in ended]) for value in (_accuracy, _last))
        shown.add_row(
            problem.name,
            str(len(own)),
            str(len(ended)),
            f"{np.median(labels):.0f} of {problem.most:,}",
            f"{min(labels)} to {max(labels)}",
            f"{there:.1%}",
            f"{last:.1%}",
            f"{100 * _loss(own):+.2f} points",
        )
    return shown


def _accuracy(stop: Stop) -> float:
    return stop.accuracy


def _last(stop: Stop) -> float:
    return stop.last_accuracy


def _loss(stops: list[Stop]) -> float:
    """Return the mean accuracy that the end of labelling costs; 0 where the rule never holds."""
    return float(np.mean([one.last_accuracy - one.accuracy for one in stops]))


def main() -> int:
    """Measure, print the table, and return 0 if labelling ends near the last accuracy."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="(%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    asked = parser.parse_args()
    stops = list(measure(asked.seeds, Console(stderr=True)))
    Console().print(table(stops))
    if asked.json:
        rows = [asdict(one) for one in stops]
        asked.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    losses = [_loss([one for one in stops if one.problem == p.name]) for p in PROBLEMS]
    return 0 if max(losses) <= LARGEST_LOSS else 1


if __name__ == "__main__":
    sys.exit(main())
