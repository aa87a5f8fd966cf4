"""Calibrate a model card with the endpoint's answers to the calibration images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.dataset.answer import Answer
from training.statistics.calibration import choose_temperature, with_temperature
from training.statistics.metrics import expected_calibration_error


def calibrated(card: Mapping[str, Any], answers: Sequence[Answer]) -> dict[str, Any]:
    """Return a model card with the temperature that follows from all calibration images.

    `deploy` uses only a part of the calibration images. Without answers the card does not change.
    The caller decides whether to write the card, because its threshold was chosen at the earlier
    temperature.
    """
    if not answers:
        return dict(card)
    probabilities = np.array([answer.probabilities for answer in answers])
    labels = np.array([answer.label for answer in answers])
    temperature = choose_temperature(probabilities, labels)

    if is_temperature_of(card, temperature):
        temperature = card["temperature"]

    error = {
        "before": expected_calibration_error(probabilities, labels),
        "after": expected_calibration_error(with_temperature(probabilities, temperature), labels),
    }
    calibration = {"images": len(answers), "expected_calibration_error": error}
    return {**card, "calibration": calibration, "temperature": temperature}


def is_temperature_of(card: Mapping[str, Any], temperature: float) -> bool:
    """Return whether a temperature equals the card's, up to rounding of sums in another order."""
    return bool(np.isclose(temperature, card["temperature"], rtol=1e-6, atol=0))
