"""Seeded, stratified splits: train, validation, calibration and test each have the class proportions of the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from training.dataset.dataset import SPLITS, TRAIN
from training.dataset.preparation import PreparedImage
from training.dataset.selection import rank
from training.project.errors import TrainingError

type Shares = Mapping[str, Fraction]


class TooFewImagesError(TrainingError):
    """A class has too few images to be in every split."""


@dataclass(frozen=True)
class Splits:
    """The images of each split, in the shuffled order of its list, and the classes in class index order."""

    labels: tuple[str, ...]
    images: Mapping[str, Sequence[PreparedImage]]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many images there are by split and class."""
        labels = {split: [file.label for file in files] for split, files in self.images.items()}
        return {
            split: {label: labels[split].count(label) for label in self.labels} for split in SPLITS
        }


def draw_splits(
    files: Sequence[PreparedImage],
    labels: tuple[str, ...],
    shares: Shares,
    seed: int,
    other_class: str | None = None,
) -> Splits:
    """Draw the splits that the source does not have from its training images, class by class.

    Counter-examples (`other_class`) come from a source of their own, which may have other splits. Which image goes
    where depends on its content and the seed alone: not on names, order or machine.

    Raises:
        TooFewImagesError: a class would be missing in a split.
    """
    real, other = (_drawn(files, shares, which, other_class) for which in (False, True))
    ranked = sorted(files, key=lambda file: rank(seed, file.digest))
    placed = [file for file in ranked if file.split != TRAIN]
    for label in labels:
        drawn = other if label == other_class else real
        ours = [file for file in ranked if (file.label, file.split) == (label, TRAIN)]
        sizes = apportion(len(ours), drawn)
        if not all(sizes.values()):
            raise TooFewImagesError(_too_few(label, len(ours), drawn))
        targets = [split for split, size in sizes.items() for _ in range(size)]
        placed += [replace(file, split=split) for file, split in zip(ours, targets, strict=True)]
    placed.sort(
        key=lambda file: rank(seed, file.digest)
    )  # the algorithm must not see the classes one after the other
    splits = Splits(
        labels, {split: [file for file in placed if file.split == split] for split in SPLITS}
    )
    for split, counts in splits.counts().items():
        for label, count in counts.items():
            if not count:
                raise TooFewImagesError(
                    f"The class {label} has no readable image in the {split} split of the source."
                )
    return splits


def _drawn(
    files: Sequence[PreparedImage], shares: Shares, other: bool, other_class: str | None
) -> Shares:
    """The shares of the splits to draw for the counter-examples (`other`) or for the real classes."""
    given = {file.split for file in files if (file.label == other_class) is other}
    return {split: share for split, share in shares.items() if split == TRAIN or split not in given}


def apportion(total: int, shares: Shares) -> dict[str, int]:
    """Divide a number of images by shares, each part exact to one image (largest remainder, Hamilton's method)."""
    whole = sum(shares.values())
    exact = {split: total * share / whole for split, share in shares.items()}
    sizes = {split: floor(part) for split, part in exact.items()}
    by_remainder = sorted(shares, key=lambda split: sizes[split] - exact[split])
    for split in by_remainder[: total - sum(sizes.values())]:
        sizes[split] += 1
    return sizes


def _too_few(label: str, count: int, shares: Shares) -> str:
    if not count:
        return f"The class {label} has no readable image that training may use."
    enough = ceil(sum(shares.values()) / min(shares.values()))
    return (
        f"The class {label} has {count} images that training may use, too few to be in {', '.join(shares)}. "
        f"With {enough} it would be in each; or change --split."
    )
