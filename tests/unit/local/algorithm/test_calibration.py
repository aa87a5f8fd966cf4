import math

import numpy as np
import pytest

from local.algorithm.calibration import fit_temperature, negative_log_likelihood, with_temperature

# A model that says 0.9 and is right 8 times in 10.
TOO_SURE = np.array([[0.9, 0.1]] * 10)
EIGHT_OF_TEN = np.array([0] * 8 + [1] * 2)


def test_fit_temperature_too_sure_model_makes_confidence_equal_accuracy() -> None:
    temperature = fit_temperature(TOO_SURE, EIGHT_OF_TEN)
    assert pytest.approx(math.log(9) / math.log(4)) == temperature
    assert pytest.approx(0.8) == with_temperature(TOO_SURE, temperature)[0, 0]


def test_fit_temperature_calibrated_model_is_left_alone() -> None:
    assert pytest.approx(1) == fit_temperature(np.array([[0.8, 0.2]] * 10), EIGHT_OF_TEN)


def test_fit_temperature_never_raises_the_loss_of_three_classes() -> None:
    random = np.random.default_rng(2)
    probabilities = random.dirichlet([0.2, 0.2, 0.2], size=200)
    labels = np.where(random.random(200) < 0.7, probabilities.argmax(axis=1), random.integers(0, 3, 200))
    best = fit_temperature(probabilities, labels)
    losses = [negative_log_likelihood(with_temperature(probabilities, best * k), labels) for k in (0.98, 1, 1.02)]
    assert min(losses) == losses[1]


@pytest.mark.parametrize(("labels", "expected"), [(np.zeros(10, np.int64), 0.05), (np.ones(10, np.int64), 20)])
def test_fit_temperature_always_right_or_wrong_ends_at_the_bound(labels: np.ndarray, expected: float) -> None:
    assert pytest.approx(expected, rel=1e-6) == fit_temperature(np.array([[0.6, 0.4]] * 10), labels)


def test_with_temperature_leaves_the_order_of_classes() -> None:
    probabilities = np.random.default_rng(3).dirichlet(np.ones(4), size=50)
    np.testing.assert_array_equal(probabilities.argsort(axis=1), with_temperature(probabilities, 3.0).argsort(axis=1))


def test_with_temperature_probability_of_0_stays_a_number() -> None:
    np.testing.assert_allclose([[1, 0]], with_temperature(np.array([[1.0, 0.0]]), 1.0), atol=1e-9)
