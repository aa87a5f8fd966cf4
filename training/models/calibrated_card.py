"""Calibrate a model card with the endpoint's answers to the calibration images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training.dataset.answer import Answer
from training.statistics.calibration import fit_temperature, with_temperature
from training.statistics.metrics import expected_calibration_error


def calibrated(card: Mapping[str, Any], answers: Sequence[Answer]) -> dict[str, Any]:
    """Return a model card with the temperature that all calibration images give; `deploy` used only some of them.

    Without answers the card stays as it is. The caller decides whether to write the card: its threshold was chosen at
    the earlier temperature.
    """
    if not answers:
        return dict(card)
    probabilities = np.array([answer.probabilities for answer in answers])
    labels = np.array([answer.label for answer in answers])
    temperature = fit_temperature(probabilities, labels)
    if is_temperature_of(card, temperature):
        temperature = card["temperature"]
    error = {
        "before": expected_calibration_error(probabilities, labels),
        "after": expected_calibration_error(with_temperature(probabilities, temperature), labels),
    }
    calibration = {"images": len(answers), "expected_calibration_error": error}
    return {**card, "calibration": calibration, "temperature": temperature}


def is_temperature_of(card: Mapping[str, Any], temperature: float) -> bool:
    """Return whether a temperature is the card's, but for what another order of the same sums makes of it."""
    return bool(np.isclose(temperature, card["temperature"], rtol=1e-6, atol=0))
