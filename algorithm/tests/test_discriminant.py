import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from algorithm import discriminant as module
from algorithm.discriminant import discriminant, with_discriminant
from algorithm.head import Head, Labels
from algorithm.optimizers import Floats


def clusters(images: int, width: int, classes: int, seed: int = 1) -> tuple[Floats, Labels]:
    """Return overlapping clusters far from 0, with classes of unequal size."""
    random = np.random.default_rng(seed)
    labels = np.minimum(random.integers(classes + 1, size=images), classes - 1)
    labels[:classes] = np.arange(classes)
    centres = random.standard_normal((classes, width))
    features = 5 + centres[labels] + random.standard_normal((images, width))
    return features.astype(np.float32), labels


def probabilities_of(features: Floats, labels: Labels, classes: int) -> Floats:
    return discriminant(features, labels, classes).probabilities(features)


@pytest.mark.parametrize("shape", [(40, 90), (90, 90), (300, 30)])
@pytest.mark.parametrize("solver", ["lsqr", "eigen"])
@pytest.mark.parametrize("shrinkage", [0.1, 0.5, 0.9])
def test_discriminant_equals_that_of_scikit_learn(
    shape: tuple[int, int], solver: str, shrinkage: float
) -> None:
    features, labels = clusters(*shape, classes=4)
    reference = LinearDiscriminantAnalysis(solver=solver, shrinkage=shrinkage)
    reference.fit(features.astype(np.float64), labels)
    ours = discriminant(features, labels, 4, shrinkage)

    expected = reference.decision_function(features)
    expected -= expected.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(expected, logits(ours, features), rtol=1e-8, atol=1e-8)


def test_discriminant_in_parts_equals_that_of_all_images(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = clusters(300, 30, 4)
    whole = discriminant(features, labels, 4)
    monkeypatch.setattr(module, "ROWS", 7)
    np.testing.assert_allclose(whole.weights, discriminant(features, labels, 4).weights, rtol=1e-9)


def test_discriminant_again_is_the_same() -> None:
    first, second = (discriminant(*clusters(40, 90, 4), 4) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.bias, second.bias)


def test_features_in_another_unit_give_the_same_probabilities() -> None:
    features, labels = clusters(40, 90, 4)
    np.testing.assert_allclose(
        probabilities_of(features, labels, 4),
        probabilities_of(features * 4 - 2, labels, 4),
        atol=1e-4,
    )


def test_constant_feature_has_no_weight() -> None:
    features, labels = clusters(40, 90, 4)
    features[:, 3] = 7
    np.testing.assert_allclose(0, discriminant(features, labels, 4).weights[3], atol=1e-12)


def test_identical_images_have_the_share_of_their_class() -> None:
    labels = np.array([0] * 30 + [1] * 15 + [2] * 15)
    found = probabilities_of(np.ones((60, 90), np.float32), labels, 3)
    np.testing.assert_allclose([[0.5, 0.25, 0.25]] * 60, found, rtol=1e-6)


def test_class_without_images_is_unlikely() -> None:
    features, labels = clusters(40, 90, 4)
    assert 0.1 > probabilities_of(features, labels, 5)[:, 4].max()


@pytest.mark.parametrize("images_of_a_class", [1, 2])
def test_classes_of_identical_images_are_separated(images_of_a_class: int) -> None:
    features, _ = clusters(5, 2_560, 5)
    repeated = np.repeat(features, images_of_a_class, axis=0)
    labels = np.repeat(np.arange(5), images_of_a_class)
    found = probabilities_of(repeated, labels, 5)
    np.testing.assert_array_equal(labels, found.argmax(axis=1))


def test_thousand_classes_of_two_images_are_finite() -> None:
    random = np.random.default_rng(1)
    features = random.standard_normal((2_000, 300)).astype(np.float32)
    found = probabilities_of(features, np.arange(2_000) % 1_000, 1_000)
    np.testing.assert_allclose(1, found.sum(axis=1), rtol=1e-5)


def logits(head: Head, features: Floats) -> Floats:
    """Return logits without the mean of each image."""
    found = features @ head.weights + head.bias
    return np.asarray(found - found.mean(axis=1, keepdims=True))


def any_head(width: int, classes: int) -> Head:
    random = np.random.default_rng(2)
    weights = random.standard_normal((width, classes)).astype(np.float32)
    return Head(weights, np.arange(classes, dtype=np.float32))


@pytest.mark.parametrize("images", [8, 40, 300])
def test_sum_adds_logits_of_a_share_of_the_spread(images: int) -> None:
    features, labels = clusters(images, 90, 4)
    head = any_head(90, 4)
    both = with_discriminant(head, discriminant(features, labels, 4), features)
    added = logits(both, features) - logits(head, features)
    assert pytest.approx(module.SHARE, rel=1e-3) == added.std() / logits(head, features).std()
    assert {np.dtype(np.float32)} == {both.weights.dtype, both.bias.dtype}


def test_sum_points_in_the_direction_of_the_discriminant() -> None:
    features, labels = clusters(40, 90, 4)
    head, found = any_head(90, 4), discriminant(features, labels, 4)
    added = with_discriminant(head, found, features).weights - head.weights
    ratio = added / found.weights
    np.testing.assert_allclose(ratio.mean(), ratio, rtol=1e-2)


def test_sum_with_a_head_that_learned_nothing_stays_at_chance() -> None:
    features, labels = clusters(40, 90, 4)
    nothing = Head(np.zeros((90, 4), np.float32), np.zeros(4, np.float32))
    both = with_discriminant(nothing, discriminant(features, labels, 4), features)
    np.testing.assert_allclose(0.25, both.probabilities(features))


def test_sum_for_identical_images_is_the_head() -> None:
    features = np.ones((6, 90), np.float32)
    head = any_head(90, 2)
    found = discriminant(features, np.array([0, 1] * 3), 2)
    np.testing.assert_array_equal(head.weights, with_discriminant(head, found, features).weights)
