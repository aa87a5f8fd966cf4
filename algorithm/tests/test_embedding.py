"""Reduce features to a short vector."""

import numpy as np

from algorithm.backbone import FEATURES
from algorithm.embedding import LENGTH, embedding

CHANCE = np.random.default_rng(0)


def test_embedding_is_the_same_on_every_machine() -> None:
    ones = embedding(np.ones(FEATURES, np.float32))
    assert LENGTH == len(ones)
    assert [13.0, -7.0, -6.0] == [float(one) for one in ones[:3]]


def test_embedding_keeps_distances() -> None:
    one, other = CHANCE.normal(size=(2, 200, FEATURES)).astype(np.float32)
    ratios = [
        np.square(embedding(a) - embedding(b)).sum() / np.square(a - b).sum()
        for a, b in zip(one, other, strict=True)
    ]
    assert abs(float(np.mean(ratios)) - 1) < 0.05
    assert float(np.std(ratios)) < 0.25
