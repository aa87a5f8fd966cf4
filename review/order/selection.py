"""Choose the images that people label first.

Without a model: the most typical image of each cluster (TypiClust: Hacohen, Dekel, Weinshall,
"Active learning on a budget: opposite strategies suit high and low budgets", 2022).
With a model: the smallest margins between the two largest probabilities, spread over clusters, so
that a batch does not ask for the same thing twice (Zhdanov, "Diverse mini-batch active learning",
2019). With the labels of entropy or core-set, a model accepts fewer images at its precision
guarantee than with random labels (`python -m benchmarks.selection`).

A burst of near-duplicates counts as one image: its other images come after all other images.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.spatial.distance import cdist

from functions.serialize_image.perceptual_hash import SAME_MOTIF_BITS

type Floats = NDArray[np.floating]
type Indices = NDArray[np.intp]
type Hashes = NDArray[np.uint64]

AXES = 64  # principal axes on which images are clustered
SAMPLE = 1_000  # images that determine these axes
TINY_VARIANCE = 1e-9  # of axes that are noise, of images that are alike
NEIGHBOURS = 20  # whose mean distance is the typicality of an image, as in TypiClust
ROUNDS = 10  # of k-means
MOST_DISTANCES = 2_000_000  # between points and centres, twice; more take over 0.1 s
WINDOW = 10  # candidates for each chosen image, those of the smallest margins


@dataclass(frozen=True)
class ClusterSpace:
    """The space in which images are clustered: principal axes of features of unit length.

    64 axes of 2,560 make k-means 40 times faster.
    """

    middle: Floats
    axes: Floats

    @classmethod
    def of(cls, features: Floats, seed: int = 0) -> "ClusterSpace":
        """Find the axes of features (images, features), at least one image."""
        unit = unit_rows(features)
        sample = unit[np.random.default_rng(seed).permutation(len(unit))[:SAMPLE]]
        middle = sample.mean(axis=0)
        centred = sample - middle
        # The axes follow from the products of the images: ten times faster than from the features.
        variances, mixtures = np.linalg.eigh((centred @ centred.T).astype(np.float64))
        kept = variances[-AXES:] > TINY_VARIANCE
        axes = mixtures[:, -AXES:][:, kept].T @ centred
        return cls(middle, unit_rows(axes[::-1]).astype(np.float32))

    def points(self, features: Floats) -> Floats:
        """Return the points (images, axes) of features (images, features)."""
        return np.asarray((unit_rows(features) - self.middle) @ self.axes.T, dtype=np.float32)


def cluster_space(features: Floats, seed: int = 0) -> Floats:
    """Return the points of features in their own cluster space."""
    return ClusterSpace.of(features, seed).points(features)


def typical_images(
    points: Floats,
    count: int,
    known: Sequence[int] = (),
    seed: int = 0,
    allowed: Sequence[int] | None = None,
) -> list[int]:
    """Return up to `count` images, each the most typical of a cluster without a known image.

    Args:
        points: Images in the cluster space.
        known: Images that are labelled or shown already.
        seed: Of the clusters.
        allowed: Images to choose from (default: all).
    """
    if not len(points) or count < 1:
        return []
    clusters = _clusters(points, min(len(points), len(known) + count), seed)
    free = np.ones(len(points), bool)
    if allowed is not None:
        free[:] = False
        free[list(allowed)] = True
    free[np.isin(clusters, clusters[list(known)])] = False

    sizes = np.bincount(clusters, weights=free)
    largest = [cluster for cluster in np.argsort(-sizes, kind="stable") if sizes[cluster]]
    return [_most_typical(points, np.flatnonzero(clusters == at), free) for at in largest[:count]]


def margins(probabilities: Floats) -> Floats:
    """Return the difference of the two largest probabilities (images, classes) of each image."""
    two = np.partition(probabilities, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])


def uncertain_images(
    points: Floats, margin: Floats, candidates: Sequence[int], count: int, seed: int = 0
) -> list[int]:
    """Return up to `count` candidates of small margins, each the smallest of its cluster.

    Args:
        points: All images in the cluster space.
        margin: The margin of each image.
        candidates: Images to choose from, in any order.
        seed: Of the clusters.
    """
    ranked = sorted(candidates, key=lambda image: margin[image])[: WINDOW * count]
    if len(ranked) <= count:
        return ranked
    clusters = _clusters(points[ranked], count, seed)
    _, first = np.unique(clusters, return_index=True)
    chosen = sorted(first)
    others = [at for at in range(len(ranked)) if at not in set(chosen)]  # where clusters are empty
    return [ranked[at] for at in sorted(chosen + others[: count - len(chosen)])]


def bursts_last(
    order: Iterable[int], hashes: Hashes, known: Iterable[int] = ()
) -> tuple[list[int], list[int]]:
    """Split an order into the first image of each motif and the near-duplicates of others.

    Args:
        order: Images, the most urgent first.
        hashes: Perceptual hash of each image (`hash_number`).
        known: Images that are labelled or shown already: their near-duplicates wait as well.
    """
    seen = list(known)
    motifs = np.zeros(len(hashes), np.uint64)
    motifs[: len(seen)] = hashes[seen]
    used = len(seen)
    first: list[int] = []
    duplicates: list[int] = []

    for image in order:
        if is_near(hashes[image], motifs[:used]):
            duplicates.append(image)
            continue
        first.append(image)
        if used == len(motifs):
            motifs = np.append(motifs, motifs)
        motifs[used] = hashes[image]
        used += 1

    return first, duplicates


def unit_rows(features: Floats) -> Floats:
    """Return features (images, features) of unit length."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return np.asarray(features / np.maximum(lengths, np.finfo(np.float32).tiny))


def is_near(motif: np.uint64, others: Hashes) -> bool:
    """Return whether a perceptual hash differs from another one in at most 4 of 64 bits."""
    return bool((np.bitwise_count(others ^ motif) <= SAME_MOTIF_BITS).any())


def hash_number(image_hash: str) -> np.uint64:
    """Return a perceptual hash of 16 hexadecimal digits as a number."""
    return np.uint64(int(image_hash, 16))


def _clusters(points: Floats, count: int, seed: int) -> Indices:
    """Return the cluster of each point. Some clusters may be empty."""
    # k-means++ finds small clusters, but scipy's takes time with the square of their number.
    begin = "++" if count**2 * len(points) <= MOST_DISTANCES else "points"
    with warnings.catch_warnings(action="ignore"):  # of empty clusters, which change nothing
        _, clusters = kmeans2(points, count, iter=ROUNDS, minit=begin, rng=seed)
    return np.asarray(clusters)


def _most_typical(points: Floats, members: Indices, free: NDArray[np.bool_]) -> int:
    """Return the free member with the smallest mean distance to its nearest neighbours."""
    chosen = members[free[members]]
    distances = np.sort(cdist(points[chosen], points[members]), axis=1)
    near = distances[:, 1 : NEIGHBOURS + 1]
    return int(chosen[near.mean(axis=1).argmin()]) if near.size else int(chosen[0])
