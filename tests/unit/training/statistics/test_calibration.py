"""Temperature scaling, in training and in the service."""

import numpy as np
import pytest

from functions.classify_image.prediction import calibrate
from training.statistics.calibration import (
    Floats,
    Labels,
    choose_temperature,
    fit_temperature,
    with_temperature,
)
from training.statistics.metrics import expected_calibration_error

NOISE = np.random.default_rng(0)


def test_temperature_one_changes_nothing() -> None:
    assert [0.8, 0.2] == pytest.approx(with_temperature(np.array([[0.8, 0.2]]), 1.0)[0])


def test_a_temperature_above_one_makes_less_confident() -> None:
    assert [2 / 3, 1 / 3] == pytest.approx(with_temperature(np.array([[0.8, 0.2]]), 2.0)[0])


def test_a_certain_prediction_stays_finite() -> None:
    assert [1.0, 0.0] == pytest.approx(with_temperature(np.array([[1.0, 0.0]]), 2.0)[0], abs=1e-5)


def test_the_temperature_that_made_the_probabilities_overconfident_is_found() -> None:
    true = NOISE.dirichlet([1, 1, 1], 20_000)
    labels = (NOISE.random((20_000, 1)) > true.cumsum(axis=1)).sum(axis=1)
    assert 2.0 == pytest.approx(fit_temperature(with_temperature(true, 0.5), labels), rel=0.05)


def drawn(images: int, sharpness: float, seed: int = 0) -> tuple[Floats, Labels]:
    """Draw probabilities of a model that is too sure by this factor, and true classes."""
    rng = np.random.default_rng(seed)
    true = rng.dirichlet([0.3, 0.3], images)
    labels = (rng.random((images, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return with_temperature(true, 1 / sharpness), labels


@pytest.mark.parametrize("images", [74, 300])
def test_calibrated_model_with_few_images_gets_no_temperature(images: int) -> None:
    chosen = [choose_temperature(*drawn(images, 1.0, seed)) for seed in range(20)]
    assert chosen.count(1.0) >= 14


def test_model_that_is_too_sure_gets_the_fitted_temperature() -> None:
    probabilities, labels = drawn(1_000, 2.0)
    assert fit_temperature(probabilities, labels) == choose_temperature(probabilities, labels)


def test_fewer_than_ten_images_choose_no_temperature() -> None:
    assert 1.0 == choose_temperature(*drawn(9, 3.0))


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 5))]
)
def test_a_model_of_ten_classes_that_is_too_sure_has_hardly_an_error_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.dirichlet([0.08] * 10, 12_500)
    labels = (rng.random((12_500, 1)) > true.cumsum(axis=1)).sum(axis=1)
    predicted, calibration, test = with_temperature(true, 0.6), slice(2_500), slice(2_500, None)
    temperature = fit_temperature(predicted[calibration], labels[calibration])
    errors = [
        expected_calibration_error(with_temperature(predicted[test], one), labels[test])
        for one in (1.0, temperature)
    ]
    assert errors[0] > 0.04, errors
    assert errors[1] <= 0.015, errors


def test_predictions_that_are_all_right_become_as_sure_as_their_number_allows() -> None:
    thirty = np.array([[0.9, 0.1]] * 30)
    temperature = fit_temperature(thirty, np.zeros(30, dtype=np.int64))
    assert [31 / 32, 1 / 32] == pytest.approx(with_temperature(thirty, temperature)[0])


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1.7, 9.0])
def test_the_service_calibrates_as_the_training_tool_does(temperature: float) -> None:
    probabilities = NOISE.dirichlet([0.3] * 10, 200)
    expected = [calibrate(tuple(row), temperature) for row in probabilities]
    np.testing.assert_allclose(expected, with_temperature(probabilities, temperature), atol=1e-9)
