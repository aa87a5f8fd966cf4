"""Check the interval of the change of the calibration error."""

import numpy as np
import pytest

from training.statistics.calibration import as_served
from training.statistics.calibration_change import change_interval


def answers(images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return calibrated probabilities of two classes, and labels drawn with them."""
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet([0.5, 0.5], images)
    labels = (rng.random(images) > probabilities[:, 0]).astype(np.int64)
    return probabilities, labels


def test_strong_change_is_found_in_a_large_sample() -> None:
    calibrated, labels = answers(4_000)
    overconfident = as_served(calibrated, 0.3)
    low, high = change_interval(overconfident, calibrated, labels)
    assert low < high < 0


@pytest.mark.parametrize("images", [100, 300])
def test_slight_change_is_within_chance_in_a_small_sample(images: int) -> None:
    calibrated, labels = answers(images)
    low, high = change_interval(as_served(calibrated, 0.95), calibrated, labels)
    assert low < 0 < high


def test_interval_is_always_the_same() -> None:
    calibrated, labels = answers(100)
    other = as_served(calibrated, 0.5)
    assert change_interval(other, calibrated, labels) == change_interval(other, calibrated, labels)
