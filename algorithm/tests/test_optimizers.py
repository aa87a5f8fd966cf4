from dataclasses import replace

import numpy as np
import pytest

from algorithm.hyperparameters import Hyperparameters
from algorithm.optimizers import STEPS, Descent

CHOSEN = Hyperparameters(num_classes=2, num_training_samples=8)
LAYER = np.array([[4.0, -2.0]], np.float32)


def descend(optimizer: str, steps: int, rate: float, chosen: Hyperparameters = CHOSEN) -> Descent:
    """Descend from LAYER on half the squared layer, whose gradient is the layer itself."""
    at = Descent.beginning(LAYER)
    for _ in range(steps):
        at = STEPS[optimizer](at, at.layer, rate, chosen)
    return at


@pytest.mark.parametrize("optimizer", STEPS)
def test_steps_lead_to_the_minimum(optimizer: str) -> None:
    np.testing.assert_allclose(0, descend(optimizer, 300, 0.05).layer, atol=0.05)


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("sgd", [3.6, 3.6 - 0.36 - 0.9 * 0.4]),
        ("nag", [4 - 0.4 * 1.9, 3.24 - 0.324 - 0.9 * (0.9 * 0.4 + 0.324)]),
        ("adam", [3.9, 3.8]),
        (
            "rmsprop",
            [4 - 0.1 / np.sqrt(0.1), 3.684 - 0.1 * 3.684 / np.sqrt(0.9 * 1.6 + 0.1 * 3.684**2)],
        ),
    ],
)
def test_first_steps_are_those_of_the_formula(optimizer: str, expected: list[float]) -> None:
    chosen = replace(CHOSEN, weight_decay=0.0)
    layers = [descend(optimizer, steps, 0.1, chosen).layer[0, 0] for steps in (1, 2)]
    np.testing.assert_allclose(expected, layers, rtol=1e-3)


@pytest.mark.parametrize("optimizer", STEPS)
def test_steps_stay_in_single_precision(optimizer: str) -> None:
    at = descend(optimizer, 2, 0.1)
    assert {np.dtype(np.float32)} == {at.layer.dtype, at.first.dtype, at.second.dtype}


@pytest.mark.parametrize(
    ("optimizer", "shrinks"), [("sgd", True), ("nag", True), ("adam", False), ("rmsprop", False)]
)
def test_weight_decay_is_for_sgd_and_nag(optimizer: str, shrinks: bool) -> None:
    chosen = replace(CHOSEN, weight_decay=0.5)
    after = STEPS[optimizer](Descent.beginning(LAYER), np.zeros_like(LAYER), 0.1, chosen)
    assert shrinks == (abs(after.layer) < abs(LAYER)).all()
