"""The end of labelling, on synthetic features."""

import numpy as np

from benchmarks.features import Photos
from benchmarks.stop_labelling import Problem, label_until_stable

CLASSES = ("automobile", "truck")


def photos(count: int, distance: float) -> Photos:
    """Return photos of two classes whose features are this far apart."""
    chance = np.random.default_rng(0)
    labels = np.arange(count) % 2
    features = chance.normal(size=(count, 16)).astype(np.float32)
    features[:, 0] += distance * labels
    return Photos(features, labels)


def problem(most: int) -> Problem:
    return Problem("2 classes", CLASSES, start=40, step=20, most=most, seen=200)


def test_labelling_ends_when_two_pairs_of_models_agree() -> None:
    stop = label_until_stable(problem(100), photos(400, 12.0), photos(300, 12.0), seed=0)
    assert 80 == stop.labels
    assert stop.accuracy == stop.last_accuracy


def test_models_that_disagree_go_on() -> None:
    stop = label_until_stable(problem(100), photos(400, 0.0), photos(300, 0.0), seed=0)
    assert stop.labels is None
