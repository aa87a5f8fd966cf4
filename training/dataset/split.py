"""Draw seeded, stratified splits: each split has the class proportions of the whole dataset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from training.dataset.allotment import allot
from training.dataset.dataset import SPLITS, TRAIN, TooFewImagesError
from training.dataset.groups import members
from training.dataset.preparation import PreparedImage
from training.dataset.selection import LeftOut, balance, oversample, rank
from training.dataset.source import Reason

type Shares = Mapping[str, Fraction]


@dataclass(frozen=True)
class Splits:
    """Images of each split in the order of its list, and the classes in class index order.

    `oversampled` is the list of training images if it has images several times.
    """

    labels: tuple[str, ...]
    images: Mapping[str, Sequence[PreparedImage]]
    oversampled: Sequence[PreparedImage] | None = None

    def entries(self, split: str) -> Sequence[PreparedImage]:
        """Return the image of each line of a split's list."""
        if split == TRAIN and self.oversampled is not None:
            return self.oversampled
        return self.images[split]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of images by split and class."""
        labels = {split: [file.label for file in files] for split, files in self.images.items()}
        return {
            split: {label: labels[split].count(label) for label in self.labels} for split in SPLITS
        }

    def groups(self) -> dict[str, int]:
        """Return the number of groups by split; an image without others like it is a group."""
        return {split: len(members(self.images[split])) for split in SPLITS}

    def reasons(self) -> dict[str, dict[str, int]]:
        """Return the number of images by split and by the reason of their label."""
        reasons = {split: [file.reason for file in files] for split, files in self.images.items()}
        return {
            split: {str(reason): reasons[split].count(reason) for reason in Reason}
            for split in SPLITS
        }


def draw_splits(
    files: Sequence[PreparedImage],
    labels: tuple[str, ...],
    shares: Shares,
    seed: int,
    other_class: str | None = None,
) -> Splits:
    """Draw the splits that the source lacks from its training images, class by class.

    Images of one group stay together. Negative examples (`other_class`) have a source of their own,
    which may have other splits. The split of an image depends only on the contents and groups of
    the images and the seed, not on names, order or machine.

    Raises:
        TooFewImagesError: A class has no image in one of the splits.
    """
    real, other = (_drawn(files, shares, which, other_class) for which in (False, True))
    ranked = sorted(files, key=lambda file: rank(seed, file.digest))
    placed = [file for file in ranked if file.split != TRAIN]

    units = members(file for file in ranked if file.split == TRAIN)
    sizes = {}
    for label in labels:
        drawn = other if label == other_class else real
        own = [unit for unit in units if any(file.label == label for file in unit)]
        count = sum(file.label == label for unit in own for file in unit)
        sizes[label] = apportion(count, drawn)
        if not all(sizes[label].values()) or len(own) < len(drawn):
            raise TooFewImagesError(_too_few(label, count, len(own), drawn))
    placed += allot(units, sizes)

    # The algorithm must not read the images class by class.
    placed.sort(key=lambda file: rank(seed, file.digest))
    splits = Splits(
        labels, {split: [file for file in placed if file.split == split] for split in SPLITS}
    )
    require_every_class(splits)
    return splits


def balanced(
    splits: Splits, ratio: Fraction | None, seed: int, other_class: str | None = None
) -> tuple[Splits, list[LeftOut]]:
    """Limit the training images of each class, as `balance` does. Other splits stay whole."""
    files = [file for split in SPLITS for file in splits.images[split]]
    selected, left_out = balance(files, ratio, seed, other_class)
    kept = {file.digest for file in selected}
    images = {
        split: [file for file in splits.images[split] if file.digest in kept] for split in SPLITS
    }
    return Splits(splits.labels, images), left_out


def with_oversampling(splits: Splits, ratio: Fraction | None, seed: int) -> Splits:
    """Repeat training images of small classes in their list, as `oversample` does."""
    if ratio is None:
        return splits
    return replace(splits, oversampled=oversample(splits.images[TRAIN], ratio, seed))


def require_every_class(splits: Splits, which: str = "of the source") -> None:
    """Refuse splits that lack a class. `which` describes the splits in the message.

    Raises:
        TooFewImagesError: A class has no image in one of the splits.
    """
    for split, counts in splits.counts().items():
        for label, count in counts.items():
            if not count:
                raise TooFewImagesError(
                    f"The class {label} has no readable image in the {split} split {which}."
                )


def _drawn(
    files: Sequence[PreparedImage], shares: Shares, other: bool, other_class: str | None
) -> Shares:
    """Return the shares of the splits to draw, for negative examples (`other`) or real classes."""
    given = {file.split for file in files if (file.label == other_class) is other}
    return {split: share for split, share in shares.items() if split == TRAIN or split not in given}


def apportion(total: int, shares: Shares) -> dict[str, int]:
    """Divide a number of images by shares, with the largest remainder method (Hamilton)."""
    whole = sum(shares.values())
    exact = {split: total * share / whole for split, share in shares.items()}
    sizes = {split: floor(part) for split, part in exact.items()}
    by_remainder = sorted(shares, key=lambda split: sizes[split] - exact[split])
    for split in by_remainder[: total - sum(sizes.values())]:
        sizes[split] += 1
    return sizes


def _too_few(label: str, count: int, groups: int, shares: Shares) -> str:
    if not count:
        return f"The class {label} has no readable training image."
    if groups < min(count, len(shares)):
        return (
            f"The class {label} has {count} training images in {groups} groups, too few to be "
            f"in {', '.join(shares)}: near-duplicates and images of one group stay in one split. "
            "Add images of other motifs. For photos of one unmoved camera use --ignore-motifs."
        )
    enough = ceil(sum(shares.values()) / min(shares.values()))
    return (
        f"The class {label} has {count} training images, too few to be in {', '.join(shares)}. "
        f"Use at least {enough} images, or change --split."
    )
