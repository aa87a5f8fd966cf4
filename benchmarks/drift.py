"""Measure how often `scones monitor` reports drift with and without drift.

The images are CIFAR-10's test images, also darkened, blurred and turned, with the answers of a
model of the local algorithm. Every trial of every seed divides the photos at random: 2,000 are the
reference, and 500 others are the recent images with or without drift.

For each drift, the table shows the share of trials that report drift, with n and the 95 % interval
(Wilson, 1927). `--json FILE` writes the same figures. The exit status is 1 if over all seeds a
drift is reported in fewer than 95 % of its trials, or in more than 5 % of the trials without drift.
"""

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter
from rich.table import Table

from algorithm.backbone import cores, load_backbone
from algorithm.head import Head, HeadTraining
from algorithm.hyperparameters import parse
from benchmarks import cifar10
from training.statistics.acceptance import DEFAULT_THRESHOLD
from training.statistics.drift import compare
from training.statistics.image_statistics import image_statistics
from training.statistics.metrics import wilson_interval
from training.statistics.sample import Decisions, Sample, columns
from untrusted.console import Console, track

# Images in each sample.
REFERENCE = 2_000
RECENT = 500
PHOTOS = 4_000  # test images that the samples are drawn from
TRAINING = 2_000  # images the model is trained on
EPOCHS = 10
# Shares of the trials.
FOUND_AT_LEAST = 0.95
ALARMS_AT_MOST = 0.05

NONE = "none"
# Changes of a camera or of its pictures.
CONDITIONS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    NONE: lambda image: image,
    "dark (60 % of the light)": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "blurred (radius 1 of 32)": lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    "turned by 90 degrees": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "upside down": lambda image: image.transpose(Image.Transpose.ROTATE_180),
}
MILDER_MIX = "class mix, half as often"
CLASS_MIXES: Mapping[str, float] = {
    "class mix, a third as often": 1 / 3,
    MILDER_MIX: 1 / 2,
}  # half of the classes
VERDICTS = {True: "reached", False: "MISSED", None: "not judged"}
NOTE = (
    "Not judged: classes that are half as frequent as others are the mildest drift that 500 images "
    "can show. A test that always reports it also reports more false drift."
)


@dataclass(frozen=True)
class Photos:
    """Photos in one condition: true class, predicted class, confidence and image statistics."""

    labels: NDArray[np.int64]
    classes: Sequence[str]
    confidences: Sequence[float]
    statistics: Sequence[Mapping[str, float]]

    def sample(self, chosen: Sequence[int]) -> Sample:
        """Return some photos as a sample for the comparison."""
        decisions = Decisions(
            [self.classes[one] for one in chosen], [self.confidences[one] for one in chosen]
        )
        return Sample(decisions, columns([self.statistics[one] for one in chosen]))


@dataclass(frozen=True)
class Row:
    """The trials of one drift that reported drift, for one seed or for all seeds (None)."""

    seed: int | None
    drift: str
    found: int
    n: int

    @property
    def reached(self) -> bool | None:
        """Return whether drift was reported as often or rarely as required; None without a need."""
        if self.drift == MILDER_MIX:
            return None
        share = self.found / self.n
        return share <= ALARMS_AT_MOST if self.drift == NONE else share >= FOUND_AT_LEAST

    def as_data(self) -> dict[str, Any]:
        """Return the row as JSON data."""
        return {
            **vars(self),
            "share": self.found / self.n,
            "interval": wilson_interval(self.found, self.n),
        }


def trained(images: Sequence[bytes], labels: Sequence[int], classes: int) -> Head:
    """Train a head for the backbone as the algorithm does, without its discriminant."""
    size = {"num_classes": str(classes), "num_training_samples": str(len(images))}
    training = HeadTraining(
        features(images), np.array(labels), parse(size | {"epochs": str(EPOCHS)})
    )
    descent = training.beginning(None)

    for number in range(EPOCHS):
        descent = training.epoch(number, descent)
    return training.head(descent)


def features(images: Sequence[bytes]) -> NDArray[np.float32]:
    """Return the backbone's features of all images; use all cores."""
    return np.stack(list(cores().map(load_backbone().features, images)))


def photographed(
    images: Sequence[bytes], labels: Sequence[int], head: Head, names: Sequence[str]
) -> Photos:
    """Return the model's answers and the statistics of the images."""
    probabilities = head.probabilities(features(images))
    classes = [names[one] for one in probabilities.argmax(axis=1)]
    confidences = probabilities.max(axis=1).tolist()
    return Photos(np.array(labels), classes, confidences, [image_statistics(one) for one in images])


def changed(image: bytes, drift: str) -> bytes:
    """Return an encoded image after a drift."""
    file = io.BytesIO()
    CONDITIONS[drift](Image.open(io.BytesIO(image))).save(file, "PNG")
    return file.getvalue()


def is_found(
    photos: Mapping[str, Photos], drift: str, draw: np.random.Generator, sizes: tuple[int, int]
) -> bool:
    """Run one trial: divide the photos, apply drift to the recent ones, compare both samples.

    No photo is in both samples.
    """
    clean = photos[NONE]
    reference, recent = sizes
    order = draw.permutation(len(clean.labels))
    after = order[reference:]
    if drift in CLASS_MIXES:
        after = mixed(after, clean.labels, draw, recent, CLASS_MIXES[drift])
    one = clean.sample(order[:reference].tolist())
    other = photos.get(drift, clean).sample(after[:recent].tolist())
    thresholds = dict.fromkeys(
        chain(one.decisions.classes, other.decisions.classes), DEFAULT_THRESHOLD
    )

    return any(comparison.drifted for comparison in compare(one, other, thresholds))


def mixed(
    places: NDArray[np.int64],
    labels: NDArray[np.int64],
    draw: np.random.Generator,
    most: int,
    as_often: float,
) -> NDArray[np.int64]:
    """Draw `count` places; half of the classes, drawn at random, are less frequent than others."""
    classes = labels.max() + 1
    weights = np.where(draw.permutation(classes) < classes // 2, as_often, 1.0)
    counts = draw.multinomial(most, weights / weights.sum())
    return np.concatenate(
        [places[labels[places] == label][:count] for label, count in enumerate(counts)]
    )


def rows(
    photos: Mapping[str, Photos],
    seeds: Sequence[int],
    trials: Mapping[str, int],
    sizes: tuple[int, int],
) -> Iterator[Row]:
    """Yield the trials of all seeds; a seed gives the same trials on every machine."""
    for seed in seeds:
        for place, (drift, n) in enumerate(trials.items()):
            draw = np.random.default_rng([seed, place])
            yield Row(seed, drift, sum(is_found(photos, drift, draw, sizes) for _ in range(n)), n)


def totals(found: Sequence[Row]) -> list[Row]:
    """Return a row for each drift with the trials of all seeds."""
    of = {row.drift: [other for other in found if other.drift == row.drift] for row in found}
    return [
        Row(None, drift, sum(row.found for row in own), sum(row.n for row in own))
        for drift, own in of.items()
    ]


def read(folder: Path, split: str, most: int) -> tuple[list[bytes], list[int]]:
    """Return `count` images of a split, equally many of each class, and their class indices."""
    each = most // len(cifar10.CLASSES)
    paths = [
        (path, label)
        for label, name in enumerate(cifar10.CLASSES)
        for path in sorted((folder / split / name).iterdir())[:each]
    ]
    return [path.read_bytes() for path, _ in paths], [label for _, label in paths]


def main() -> int:
    """Measure, print a table, and return 0 if the figures are reached."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="(%(default)s)")
    parser.add_argument(
        "--undrifted",
        type=int,
        default=200,
        metavar="N",
        help="trials of a seed without drift (200)",
    )
    parser.add_argument(
        "--drifted", type=int, default=40, metavar="N", help="trials of a seed and a drift (40)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    asked = parser.parse_args()
    folder = Path("build/cifar10")
    console = Console()
    cifar10.fetch(folder)
    head = trained(*read(folder, "train", TRAINING), len(cifar10.CLASSES))
    images, labels = read(folder, "test", PHOTOS)
    photos = {
        drift: photographed(
            [changed(image, drift) for image in images], labels, head, cifar10.CLASSES
        )
        for drift in track(Console(stderr=True), "The model answers", CONDITIONS, len(CONDITIONS))
    }
    trials = {
        drift: asked.undrifted if drift == NONE else asked.drifted
        for drift in (*CONDITIONS, *CLASS_MIXES)
    }
    found = list(rows(photos, range(asked.seeds), trials, (REFERENCE, RECENT)))
    reached = all(row.reached is not False for row in totals(found))
    console.print(table(found))
    if asked.json:
        all_rows = [row.as_data() for row in (*found, *totals(found))]
        data = {"rows": all_rows, "reference": REFERENCE, "recent": RECENT, "reached": reached}
        asked.json.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")

    return 0 if reached else 1


def table(found: Sequence[Row]) -> Table:
    """Return a table of each drift by seed, then of all seeds with the verdict."""
    title = f"Drift found in {RECENT:,} images, by a reference of {REFERENCE:,} others"
    shown = Table("drift", "seed", "found in", "95 % interval", "n", "", title=title, caption=NOTE)
    for total in totals(found):
        shown.add_section()
        for row in (*(one for one in found if one.drift == total.drift), total):
            low, high = wilson_interval(row.found, row.n)
            shares = f"{row.found / row.n:.1%}", f"{low:.1%} to {high:.1%}", f"{row.n:,}"
            seed, verdict = ("all", VERDICTS[row.reached]) if row is total else (str(row.seed), "")
            shown.add_row(row.drift, seed, *shares, verdict)
    return shown


if __name__ == "__main__":
    sys.exit(main())
