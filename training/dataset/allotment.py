"""Allot groups of images to splits, so that each class has about its share in each split."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from training.dataset.dataset import SPLITS
from training.dataset.preparation import PreparedImage

type Unit = Sequence[PreparedImage]


def allot(units: Sequence[Unit], sizes: Mapping[str, Mapping[str, int]]) -> list[PreparedImage]:
    """Return the images of all groups with their splits, in no particular order.

    Large groups are allotted first, each to the split that misses most images of its classes.
    Single images then fill the splits. A group may have images of several classes.

    Args:
        units: Groups of images in random order.
        sizes: Number of images of each class in each split.
    """
    state = _Allotment(units, sizes)
    placed: list[PreparedImage] = []
    for unit in sorted((unit for unit in units if len(unit) > 1), key=len, reverse=True):
        split = state.place(unit)
        placed += [replace(file, split=split) for file in unit]

    for label in sizes:
        single = [unit[0] for unit in units if len(unit) == 1 and unit[0].label == label]
        targets = state.remaining(label, len(single))
        placed += [replace(file, split=split) for file, split in zip(single, targets, strict=True)]
    return placed


class _Allotment:
    """Images that the splits miss, by class and split, and the splits without any image."""

    def __init__(self, units: Sequence[Unit], sizes: Mapping[str, Mapping[str, int]]) -> None:
        self._missing = {label: dict(parts) for label, parts in sizes.items()}
        self._empty = {label: set(parts) for label, parts in sizes.items()}
        # Groups that have the class and are not yet allotted.
        self._groups = Counter(label for unit in units for label in _labels(unit))

    def place(self, unit: Unit) -> str:
        """Choose the split of a group. If groups run short, an empty split comes first."""
        labels = _labels(unit)
        possible = set.intersection(*(set(self._missing[label]) for label in labels))
        short = [label for label in labels if self._groups[label] <= len(self._empty[label])]
        needed = possible.intersection(*[self._empty[label] for label in short])

        choice = sorted(needed or possible, key=SPLITS.index)
        split = max(choice, key=lambda one: sum(self._missing[file.label][one] for file in unit))
        for file in unit:
            self._missing[file.label][split] -= 1
        for label in labels:
            self._empty[label].discard(split)
            self._groups[label] -= 1
        return split

    def remaining(self, label: str, count: int) -> list[str]:
        """Return the splits of the single images of a class, an empty split at least once."""
        missing = {split: max(size, 0) for split, size in self._missing[label].items()}
        empty = self._empty[label]
        while sum(missing.values()) > count:
            most = max(missing, key=lambda one: missing[one] - (one in empty))
            missing[most] -= 1
        return [split for split, size in missing.items() for _ in range(size)]


def _labels(unit: Unit) -> list[str]:
    return sorted({file.label for file in unit})
