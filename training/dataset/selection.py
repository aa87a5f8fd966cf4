"""Select the images of the dataset: every content once, under one label, in one split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import cycle, groupby
from math import ceil, floor

from training.dataset.dataset import SPLITS, TRAIN
from training.dataset.preparation import PreparedImage


@dataclass(frozen=True)
class LeftOut:
    """A readable image that is not in the dataset, and the reason."""

    path: str
    reason: str
    explanation: str


DUPLICATE, CONTRADICTION, SURPLUS = "duplicate", "contradiction", "surplus"
NEAR_DUPLICATE = "near-duplicate"


def rank(seed: int, digest: str) -> str:
    """Return a sort key that shuffles images and depends only on the seed and the content."""
    return sha256(f"{seed}:{digest}".encode()).hexdigest()


def select_distinct(files: Iterable[PreparedImage]) -> tuple[list[PreparedImage], list[LeftOut]]:
    """Select every content once. Prepared images are compared, so metadata makes no difference.

    Of exact duplicates with one label, the image furthest from training stays, so that a test image
    is never trained on. Exact duplicates with several labels are all left out.
    """
    distinct: list[PreparedImage] = []
    left_out: list[LeftOut] = []
    by_content = sorted(files, key=lambda file: (file.digest, -SPLITS.index(file.split), file.path))
    for _, group in groupby(by_content, key=lambda file: file.digest):
        first, *others = group
        if {first.label} == {file.label for file in others} | {first.label}:
            distinct.append(first)
            left_out += [
                LeftOut(file.path, DUPLICATE, f"the same as {first.path}") for file in others
            ]
            continue
        labelled = ", ".join(f"{file.label} ({file.path})" for file in (first, *others))
        left_out += [
            LeftOut(file.path, CONTRADICTION, f"labelled {labelled}") for file in (first, *others)
        ]
    return distinct, left_out


def balance(
    files: Sequence[PreparedImage],
    ratio: Fraction | None,
    seed: int,
    other_class: str | None = None,
) -> tuple[list[PreparedImage], list[LeftOut]]:
    """Leave out images of large classes until none has more than `ratio` times the smallest one.

    Few negative examples (`other_class`) do not limit the real classes: the smallest class is a
    real class. Only training images count and are left out. Validation and test splits stay whole.
    """
    if ratio is None:
        return list(files), []
    selected = [file for file in files if file.split != TRAIN]
    classes: dict[str, list[PreparedImage]] = {}
    for file in sorted(files, key=lambda file: rank(seed, file.digest)):
        if file.split == TRAIN:
            classes.setdefault(file.label, []).append(file)

    real_sizes = [len(ranked) for name, ranked in classes.items() if name != other_class]
    most = floor(ratio * min(real_sizes, default=0))

    left_out = []
    for name, ranked in classes.items():
        selected += ranked[:most]
        why = f"{name} has {len(ranked)} images, the smallest class allows {most}"
        left_out += [LeftOut(file.path, SURPLUS, why) for file in ranked[most:]]
    return selected, left_out


def oversample(files: Sequence[PreparedImage], ratio: Fraction, seed: int) -> list[PreparedImage]:
    """Return training images in random order, those of small classes several times.

    The largest class has at most `ratio` times the entries of any class. The images of a class
    differ by at most one in the number of their entries.
    """
    classes: dict[str, list[PreparedImage]] = {}
    for file in sorted(files, key=lambda file: rank(seed, file.digest)):
        classes.setdefault(file.label, []).append(file)

    fewest = ceil(max(map(len, classes.values()), default=0) / ratio)
    entries = [
        (rank(seed, f"{file.digest}:{place // len(ranked)}"), file)
        for ranked in classes.values()
        for place, file in zip(range(max(fewest, len(ranked))), cycle(ranked), strict=False)
    ]
    return [file for _, file in sorted(entries, key=lambda entry: entry[0])]
