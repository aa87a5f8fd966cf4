"""Choose images to label: by the product's way and by its rivals, for `benchmarks.selection`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.distance import cdist

from algorithm.head import Head
from benchmarks.features import Floats, Photos
from review.order.learning import head_of
from review.order.selection import (
    Hashes,
    bursts_last,
    margins,
    typical_images,
    uncertain_images,
)


@dataclass(frozen=True)
class Plan:
    """How many images a strategy labels.

    Args:
        start: Labels before the first model.
        batch: Labels between two models.
        total: Labels in all.
    """

    start: int
    batch: int
    total: int


@dataclass
class Labelling:
    """The labels that a strategy has asked for, in a pool of photos.

    Args:
        hashes: Perceptual hash of each photo, where the strategy knows bursts.
    """

    pool: Photos
    classes: int
    seed: int
    points: Floats
    hashes: Hashes | None = None
    known: list[int] = field(default_factory=list)

    @property
    def unknown(self) -> list[int]:
        """The photos without a label, in random order; near-duplicates are out where known."""
        chance = np.random.default_rng([self.seed, len(self.known)])
        left = np.setdiff1d(np.arange(len(self.pool)), self.known)
        order = [int(image) for image in chance.permutation(left)]
        return order if self.hashes is None else bursts_last(order, self.hashes, self.known)[0]

    def head(self) -> Head:
        """Train the product's head on the labels."""
        known = self.pool.of(np.array(self.known))
        return head_of(known.features, known.labels, self.classes)

    def probabilities(self) -> Floats:
        """Return class probabilities of all photos, by a head of the labels."""
        return self.head().probabilities(self.pool.features)


type Choose = Callable[[Labelling, int], list[int]]


def at_random(labelling: Labelling, count: int) -> list[int]:
    """Choose at random."""
    return labelling.unknown[:count]


def typical(labelling: Labelling, count: int) -> list[int]:
    """Choose the most typical images of new clusters (TypiClust)."""
    allowed = sorted(labelling.unknown) if labelling.hashes is not None else None
    return typical_images(labelling.points, count, labelling.known, labelling.seed, allowed)


def smallest_margins(labelling: Labelling, count: int) -> list[int]:
    """Choose the smallest margins, without clusters."""
    return _first(labelling, margins(labelling.probabilities()), count)


def spread_margins(labelling: Labelling, count: int) -> list[int]:
    """Choose the smallest margins, spread over clusters."""
    margin = margins(labelling.probabilities())
    return uncertain_images(labelling.points, margin, labelling.unknown, count, labelling.seed)


def largest_entropy(labelling: Labelling, count: int) -> list[int]:
    """Choose the largest entropies (Settles, "Active learning literature survey", 2009)."""
    probabilities = np.maximum(labelling.probabilities(), np.finfo(np.float32).tiny)
    return _first(labelling, (probabilities * np.log(probabilities)).sum(axis=1), count)


def core_set(labelling: Labelling, count: int) -> list[int]:
    """Choose the images farthest from all labels (Sener and Savarese, 2018, k-centre greedy)."""
    points = labelling.points
    nearest = cdist(points, points[labelling.known]).min(axis=1)
    chosen: list[int] = []
    for _ in range(count):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, cdist(points, points[chosen[-1:]])[:, 0])
    return chosen


@dataclass(frozen=True)
class Strategy:
    """A way to choose the first labels, and a way to choose the others."""

    start: Choose
    then: Choose
    knows_bursts: bool = False


PRODUCT = "typical, then margin + clusters"
STRATEGIES: Mapping[str, Strategy] = {
    "random": Strategy(at_random, at_random),
    PRODUCT: Strategy(typical, spread_margins, knows_bursts=True),
    "random, then margin": Strategy(at_random, smallest_margins),
    "typical": Strategy(typical, typical),
    "random, then entropy": Strategy(at_random, largest_entropy),
    "random, then core-set": Strategy(at_random, core_set),
}


def label(labelling: Labelling, plan: Plan, strategy: Strategy) -> None:
    """Label photos of a pool with a strategy until the plan is fulfilled."""
    labelling.known += strategy.start(labelling, plan.start)
    while len(labelling.known) < plan.total:
        count = min(plan.batch, plan.total - len(labelling.known))
        labelling.known += strategy.then(labelling, count)


def _first(labelling: Labelling, urgency: Floats, count: int) -> list[int]:
    return sorted(labelling.unknown, key=lambda image: float(urgency[image]))[:count]
