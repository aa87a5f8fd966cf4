"""Plan the next training images of a folder, from what is known of the images seen so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from review.images import ImageKey, Reason, WaitingImage
from review.order.learning import head_of, probabilities_of
from review.order.selection import (
    Floats,
    Hashes,
    bursts_last,
    margins,
    typical_images,
    uncertain_images,
)

TYPICAL_OF_A_CLASS = 10  # typical images for each class before the first model
MOST_TYPICAL = 100
BATCH = 50  # uncertain images of one plan


@dataclass(frozen=True)
class Known:
    """What is known of the images that the review has read, in the order in which it read them.

    Args:
        features: Of shape (images, 2560).
        points: The images in the cluster space.
        allowed: Images that can be decoded and may train.
        taken: Images with an answer, or on a page now.
        labels: The class index of each image that a reviewer has given a class.
        classes: Number of classes.
    """

    features: Floats
    points: Floats
    hashes: Hashes
    allowed: Sequence[int]
    taken: Sequence[int]
    labels: Mapping[int, int]
    classes: int


@dataclass(frozen=True)
class Next:
    """An image to show, the reason, and its probabilities where a model computed them."""

    image: int
    reason: Reason
    probabilities: tuple[float, ...] = field(default=())


def plan(known: Known, seed: int = 0) -> list[Next]:
    """Return all allowed images that are not taken, the most useful first.

    First come typical images, until there are ten for each class, at most 100. Then, if the labels
    name at least two classes, the uncertain images of a model of these labels. Near-duplicates of
    any taken image, or of an earlier one in the plan, come last.
    """
    taken = set(known.taken)
    free = [image for image in known.allowed if image not in taken]
    missing = min(TYPICAL_OF_A_CLASS * known.classes, MOST_TYPICAL) - len(taken)
    if missing > 0 or len(set(known.labels.values())) < 2:
        return _typical(known, free, max(missing, 0), seed)
    return _uncertain(known, free, seed)


def _typical(known: Known, free: Sequence[int], count: int, seed: int) -> list[Next]:
    first, duplicates = bursts_last(free, known.hashes, known.taken)
    chosen = typical_images(known.points, count, known.taken, seed, first)
    # A second batch, for a reviewer who is faster than the next plan.
    chosen += typical_images(known.points, BATCH, [*known.taken, *chosen], seed, first)
    others = [image for image in first if image not in set(chosen)]
    return [Next(image, Reason.TYPICAL) for image in chosen] + [
        Next(image, Reason.SAMPLE) for image in (*others, *duplicates)
    ]


def _uncertain(known: Known, free: Sequence[int], seed: int) -> list[Next]:
    labelled = np.array(list(known.labels))
    classes = np.array(list(known.labels.values()), dtype=np.int64)
    used, indices = np.unique(classes, return_inverse=True)
    head = head_of(known.features[labelled], indices.astype(np.int64), len(used))
    few = probabilities_of(head, known.features)
    margin = margins(few)

    ranked = sorted(free, key=lambda image: float(margin[image]))
    first, duplicates = bursts_last(ranked, known.hashes, known.taken)
    chosen = uncertain_images(known.points, margin, first, BATCH, seed)
    others = [image for image in first if image not in set(chosen)]
    order = [*chosen, *others, *duplicates]
    probabilities = _all_classes(few[order], used, known.classes)
    return [
        Next(image, Reason.REVIEW, tuple(map(float, row)))
        for image, row in zip(order, probabilities, strict=True)
    ]


def _all_classes(few: Floats, used: NDArray[np.int64], classes: int) -> Floats:
    """Return probabilities (images, classes), 0 for classes without a label so far."""
    every = np.zeros((len(few), classes), np.float32)
    every[:, used] = few
    return every


def described(key: ImageKey, shown: Next, classes: Sequence[str]) -> WaitingImage:
    """Describe an image for the page; without a model there is no classification."""
    probabilities = dict(zip(classes, shown.probabilities or (0.0,) * len(classes), strict=True))
    likeliest = max(probabilities, key=lambda name: probabilities[name])
    return WaitingImage(
        key=key,
        reason=shown.reason,
        outcome="",
        classification=likeliest if shown.probabilities else "",
        confidence_score=probabilities[likeliest],
        class_probabilities=probabilities,
        audit_drawn=False,
        audit_probability=0.0,
        model_digest="",
        recorded_at="",
        revision=0,
    )
