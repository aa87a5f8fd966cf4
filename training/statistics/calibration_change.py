"""Estimate whether calibration changed the calibration error more than by chance."""

import numpy as np
from numpy.typing import NDArray

from training.statistics.metrics import Z95, expected_calibration_error

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]

SAMPLES = 200  # of the bootstrap


def change_interval(before: Floats, after: Floats, labels: Labels) -> tuple[float, float]:
    """Return the 95 % interval of the change of the calibration error.

    The standard deviation is that of a paired bootstrap (Efron, 1979): each sample draws the same
    images before and after calibration. An interval that contains 0 shows no change.

    Args:
        before: Class probabilities (images, classes) before calibration.
        after: Class probabilities (images, classes) after calibration.
        labels: Class indices (images,).
    """
    rng = np.random.default_rng(0)
    changes = []

    for _ in range(SAMPLES):
        drawn = rng.integers(len(labels), size=len(labels))
        changes.append(_change(before[drawn], after[drawn], labels[drawn]))

    half = Z95 * float(np.std(changes))
    change = _change(before, after, labels)
    return change - half, change + half


def _change(before: Floats, after: Floats, labels: Labels) -> float:
    return expected_calibration_error(after, labels) - expected_calibration_error(before, labels)
