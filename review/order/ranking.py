"""Order the images that wait for a review: uncertain ones first, spread over clusters.

A window of the queue is ordered, not the whole queue, so that a page opens at once. Every fourth
image is the longest waiting one, so that no image waits for ever.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from threading import Lock

import numpy as np

from review.images import ImageKey, WaitingImage
from review.order.embeddings import embedding_points
from review.order.selection import Floats, bursts_last, hash_number, uncertain_images
from review.order.waiting_features import WaitingFeatures, forget_oldest

BATCH = 8  # images of different clusters; a page asks for at most as many at once
OLDEST_EVERY = 4


def rank(
    window: Sequence[WaitingImage],
    shown: Iterable[str] = (),
    points: Mapping[ImageKey, Floats] | None = None,
) -> list[WaitingImage]:
    """Return the images of a window, the most useful first.

    Args:
        window: Waiting images, the longest waiting first.
        shown: Perceptual hashes of images that were shown before: their near-duplicates come last.
        points: Places in the cluster space, for images whose features are known.
    """
    margin = np.array([_margin(image) for image in window])
    order = sorted(range(len(window)), key=lambda at: float(margin[at]))
    first, duplicates = _bursts_last(window, order, shown)
    first = _spread(window, margin, first, points or {})
    ranked = [*first, *duplicates]
    oldest = [at for at in sorted(ranked) if at not in set(duplicates)]
    return [window[at] for at in _with_oldest(ranked, oldest)]


class Ranking:
    """The order in one process, which remembers the images that it showed."""

    def __init__(self, features: WaitingFeatures | None = None) -> None:
        """Order images by their margins, spread over clusters where points are known.

        Points are the embeddings of the records, else the features of the pictures.
        """
        self._features = features
        self._shown: OrderedDict[ImageKey, str] = OrderedDict()
        self._lock = Lock()

    def ranked(self, window: Sequence[WaitingImage]) -> list[WaitingImage]:
        """Return the images of a window, the most useful first; never wait for features."""
        with self._lock:
            here = {image.key for image in window}
            shown = [text for key, text in self._shown.items() if key not in here]
        points = embedding_points(window)
        if points or self._features is None:
            return rank(window, shown, points)
        ranked = rank(window, shown, self._features.points)
        self._features.want([image.key for image in ranked])
        return ranked

    def show(self, image: WaitingImage) -> None:
        """Remember that a page shows an image."""
        if image.image_hash:
            with self._lock:
                self._shown[image.key] = image.image_hash
                forget_oldest(self._shown)


def _margin(image: WaitingImage) -> float:
    two = sorted(image.class_probabilities.values(), reverse=True)[:2]
    return two[0] - two[1] if len(two) == 2 else 1.0


def _bursts_last(
    window: Sequence[WaitingImage], order: Sequence[int], shown: Iterable[str]
) -> tuple[list[int], list[int]]:
    """Split an order; images of records without a hash are no near-duplicates."""
    hashes = [hash_number(image.image_hash or "0") for image in window]
    before = [hash_number(text) for text in shown]
    hashed = [at for at in order if window[at].image_hash]
    known = range(len(window), len(window) + len(before))
    _, duplicates = bursts_last(hashed, np.array([*hashes, *before], np.uint64), known)
    last = set(duplicates)
    return [at for at in order if at not in last], duplicates


def _spread(
    window: Sequence[WaitingImage],
    margin: Floats,
    ranked: Sequence[int],
    points: Mapping[ImageKey, Floats],
) -> list[int]:
    """Put first the uncertain images of different clusters, of the images with features."""
    with_points = [at for at in ranked if window[at].key in points]
    if len(with_points) <= BATCH:
        return list(ranked)
    rows = np.stack([points[window[at].key] for at in with_points])
    own = margin[with_points]
    chosen = uncertain_images(rows, own, range(len(with_points)), BATCH)
    first = [with_points[at] for at in chosen]
    return [*first, *(at for at in ranked if at not in set(first))]


def _with_oldest(ranked: Sequence[int], oldest: Sequence[int]) -> list[int]:
    """Return the order in which every fourth image is the longest waiting of the others."""
    result: dict[int, None] = {}
    old, rest = iter(oldest), iter(ranked)
    for _ in ranked:
        source = chain(old, rest) if len(result) % OLDEST_EVERY == OLDEST_EVERY - 1 else rest
        following = next((at for at in source if at not in result), None)
        if following is not None:
            result[following] = None
    result.update(dict.fromkeys(ranked))
    return list(result)
