import itertools
from dataclasses import replace

import numpy as np

from local.algorithm.head import Floats, Head, Labels, fit, softmax
from local.algorithm.hyperparameters import Hyperparameters

CHOSEN = Hyperparameters(num_classes=3, num_training_samples=60, epochs=20, learning_rate=0.01, mini_batch_size=8)


def three_clusters() -> tuple[Floats, Labels]:
    """Features (60, 5) around three points far from each other and from 0, and the index of the point (60,)."""
    random = np.random.default_rng(1)
    labels = np.arange(60) % 3
    features = 3 * np.eye(3, 5)[labels] + 7 + 0.1 * random.standard_normal((60, 5))
    return features.astype(np.float32), labels


def last(features: Floats, labels: Labels, chosen: Hyperparameters = CHOSEN) -> Head:
    return list(fit(features, labels, chosen))[-1]


def test_fit_separable_classes_are_told_apart() -> None:
    features, labels = three_clusters()
    np.testing.assert_array_equal(labels, last(features, labels).probabilities(features).argmax(axis=1))


def test_fit_gives_one_head_an_epoch() -> None:
    assert 20 == len(list(fit(*three_clusters(), CHOSEN)))


def test_fit_again_gives_the_same_heads() -> None:
    first, second = last(*three_clusters()), last(*three_clusters())
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.bias, second.bias)


def test_fit_features_in_another_unit_give_the_same_probabilities() -> None:
    features, labels = three_clusters()
    moved = features * 4 - 2
    expected = last(features, labels).probabilities(features)
    np.testing.assert_allclose(expected, last(moved, labels).probabilities(moved), atol=1e-4)


def test_fit_images_all_alike_gives_the_share_of_each_class() -> None:
    features = np.ones((60, 5), np.float32)
    labels = np.array([0] * 30 + [1] * 15 + [2] * 15)
    # In one batch, so that the order does not matter; without momentum, so that nothing swings past the optimum.
    chosen = replace(CHOSEN, epochs=200, learning_rate=1.0, mini_batch_size=60, momentum=0.0)
    np.testing.assert_allclose([0.5, 0.25, 0.25], last(features, labels, chosen).probabilities(features)[0], atol=1e-3)


def test_fit_more_weight_decay_gives_smaller_weights() -> None:
    strong = replace(CHOSEN, weight_decay=1.0)
    weights = [np.abs(last(*three_clusters(), chosen).weights).sum() for chosen in (CHOSEN, strong)]
    assert weights[0] > weights[1]


def test_softmax_large_logits_do_not_overflow() -> None:
    np.testing.assert_array_equal([[1, 0], [0.5, 0.5]], softmax(np.array([[1e4, -1e4], [1e4, 1e4]], np.float32)))


def test_fit_rows_of_probabilities_sum_to_1() -> None:
    features, labels = three_clusters()
    for head in itertools.islice(fit(features, labels, CHOSEN), 3):
        np.testing.assert_allclose(1, head.probabilities(features).sum(axis=1), rtol=1e-5)
