"""Which of the prepared images go into the dataset: every content once, under one label, in one split."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import groupby
from math import floor

from training.dataset.dataset import SPLITS, TRAIN
from training.dataset.preparation import PreparedImage


@dataclass(frozen=True)
class LeftOut:
    """A readable image that does not go into the dataset, and why."""

    path: str
    reason: str
    explanation: str


DUPLICATE, CONTRADICTION, SURPLUS = "duplicate", "contradiction", "surplus"


def rank(seed: int, digest: str) -> str:
    """The place of a content in a shuffled order that depends on nothing but the seed and the content."""
    return sha256(f"{seed}:{digest}".encode()).hexdigest()


def select_distinct(files: Iterable[PreparedImage]) -> tuple[list[PreparedImage], list[LeftOut]]:
    """Keep every content once. What counts is the prepared image, so metadata makes no difference.

    Copies under one label: the one that is furthest from training stays, so a test image is never trained on. Copies
    under several labels contradict each other: none stays.
    """
    kept, left_out = [], []
    by_content = sorted(files, key=lambda file: (file.digest, -SPLITS.index(file.split), file.path))
    for _, group in groupby(by_content, key=lambda file: file.digest):
        first, *others = group
        if {first.label} == {file.label for file in others} | {first.label}:
            kept.append(first)
            left_out += [
                LeftOut(file.path, DUPLICATE, f"the same as {first.path}") for file in others
            ]
            continue
        said = ", ".join(f"{file.label} ({file.path})" for file in (first, *others))
        left_out += [
            LeftOut(file.path, CONTRADICTION, f"labelled {said}") for file in (first, *others)
        ]
    return kept, left_out


def balance(
    files: Sequence[PreparedImage],
    ratio: Fraction | None,
    seed: int,
    other_class: str | None = None,
) -> tuple[list[PreparedImage], list[LeftOut]]:
    """Leave out images of large classes until none has more than `ratio` times as many as the smallest.

    Few counter-examples (`other_class`) are no reason to leave out real images: the smallest class is a real one. Only
    images that training may use count and are left out; a validation or test split of the source stays whole.
    """
    if ratio is None:
        return list(files), []
    kept = [file for file in files if file.split != TRAIN]
    classes: dict[str, list[PreparedImage]] = {}
    for file in sorted(files, key=lambda file: rank(seed, file.digest)):
        if file.split == TRAIN:
            classes.setdefault(file.label, []).append(file)
    most = floor(
        ratio
        * min((len(ranked) for name, ranked in classes.items() if name != other_class), default=0)
    )
    left_out = []
    for name, ranked in classes.items():
        kept += ranked[:most]
        why = f"{name} has {len(ranked)} images, the smallest class allows {most}"
        left_out += [LeftOut(file.path, SURPLUS, why) for file in ranked[most:]]
    return kept, left_out
