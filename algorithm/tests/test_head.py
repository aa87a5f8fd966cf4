from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from algorithm.head import DivergedError, Head, HeadTraining, Labels, softmax
from algorithm.hyperparameters import Hyperparameters
from algorithm.optimizers import STEPS, Floats

CHOSEN = Hyperparameters(
    num_classes=3, num_training_samples=60, epochs=20, learning_rate=0.01, mini_batch_size=8
)


def three_clusters() -> tuple[Floats, Labels]:
    """Return features (60, 5) around three distant points, and the index of the point (60,)."""
    random = np.random.default_rng(1)
    labels = np.arange(60) % 3
    features = 3 * np.eye(3, 5)[labels] + 7 + 0.1 * random.standard_normal((60, 5))
    return features.astype(np.float32), labels


def trained(
    features: Floats, labels: Labels, chosen: Hyperparameters = CHOSEN, head: Head | None = None
) -> Head:
    """Return the head after all epochs."""
    training = HeadTraining(features, labels, chosen)
    descent = training.beginning(head)
    for number in range(chosen.epochs):
        descent = training.epoch(number, descent)
    return training.head(descent)


@pytest.mark.parametrize("optimizer", STEPS)
def test_training_separates_separable_classes(optimizer: str) -> None:
    features, labels = three_clusters()
    head = trained(features, labels, replace(CHOSEN, optimizer=optimizer))
    np.testing.assert_array_equal(labels, head.probabilities(features).argmax(axis=1))


def test_training_again_gives_the_same_head() -> None:
    first, second = trained(*three_clusters()), trained(*three_clusters())
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.bias, second.bias)


def test_training_on_identical_views_equals_training_on_the_images() -> None:
    features, labels = three_clusters()
    training = HeadTraining(features, labels, CHOSEN, views=[features, features])
    descent = training.epoch(0, training.beginning(None))
    alone = HeadTraining(features, labels, CHOSEN)
    np.testing.assert_array_equal(alone.epoch(0, alone.beginning(None)).layer, descent.layer)


def test_training_uses_another_view_of_an_image_in_every_epoch() -> None:
    features, labels = three_clusters()
    views = [features + 1, features - 1]
    training = HeadTraining(features, labels, CHOSEN, views)
    seen = [training.one_view_each(np.random.default_rng(seed)) for seed in range(30)]
    # The first image in all epochs: as it is, and as both of its views.
    assert 3 == len({float(inputs[0, 0]) for inputs in seen})


def test_training_features_in_another_unit_give_the_same_probabilities() -> None:
    features, labels = three_clusters()
    moved = features * 4 - 2
    expected = trained(features, labels).probabilities(features)
    np.testing.assert_allclose(expected, trained(moved, labels).probabilities(moved), atol=1e-4)


def test_training_on_identical_images_gives_the_share_of_each_class() -> None:
    features = np.ones((60, 5), np.float32)
    labels = np.array([0] * 30 + [1] * 15 + [2] * 15)
    # One batch makes the order irrelevant; without momentum nothing overshoots the optimum.
    chosen = replace(CHOSEN, epochs=200, learning_rate=1.0, mini_batch_size=60, momentum=0.0)
    np.testing.assert_allclose(
        [0.5, 0.25, 0.25], trained(features, labels, chosen).probabilities(features)[0], atol=1e-3
    )


def test_training_more_weight_decay_gives_smaller_weights() -> None:
    strong = replace(CHOSEN, weight_decay=1.0)
    weights = [
        np.abs(trained(*three_clusters(), chosen).weights).sum() for chosen in (CHOSEN, strong)
    ]
    assert weights[0] > weights[1]


def test_softmax_large_logits_do_not_overflow() -> None:
    np.testing.assert_array_equal(
        [[1, 0], [0.5, 0.5]], softmax(np.array([[1e4, -1e4], [1e4, 1e4]], np.float32))
    )


def test_probabilities_of_an_image_sum_to_1() -> None:
    features, labels = three_clusters()
    np.testing.assert_allclose(
        1, trained(features, labels).probabilities(features).sum(axis=1), rtol=1e-5
    )


def test_beginning_without_a_head_gives_equal_probabilities() -> None:
    features, labels = three_clusters()
    training = HeadTraining(features, labels, CHOSEN)
    head = training.head(training.beginning(None))
    np.testing.assert_allclose(1 / 3, head.probabilities(features), rtol=1e-6)


def test_beginning_with_a_head_gives_its_probabilities() -> None:
    features, labels = three_clusters()
    earlier = trained(features, labels)
    training = HeadTraining(
        features[:30] * 2 - 1, labels[:30], CHOSEN
    )  # another mean and another scale
    head = training.head(training.beginning(earlier))
    np.testing.assert_allclose(
        earlier.probabilities(features), head.probabilities(features), atol=1e-4
    )


def test_epoch_after_the_learning_rate_was_reduced_to_0_changes_nothing() -> None:
    chosen = replace(CHOSEN, lr_scheduler_step=(2,), lr_scheduler_factor=0.0, momentum=0.0)
    training = HeadTraining(*three_clusters(), chosen)
    descents = [training.beginning(None)]
    for number in range(3):
        descents.append(training.epoch(number, descents[-1]))
    assert [False, False, True] == [
        np.array_equal(before.layer, after.layer) for before, after in pairwise(descents)
    ]


@pytest.mark.parametrize(
    "change",
    [{"optimizer": "adam", "beta_1": 1.0}, {"optimizer": "rmsprop", "gamma": 1.0, "eps": 0.0}],
)
def test_epoch_that_diverges_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(DivergedError, match="epoch 0"):
        trained(*three_clusters(), replace(CHOSEN, **change))  # type: ignore[arg-type]
