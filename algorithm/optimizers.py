"""Compute the steps of the built-in algorithm's optimizers as Apache MXNet 1.9 does.

Source: python/mxnet/optimizer of MXNet. As in the built-in algorithm's table, weight decay applies
to sgd and nag only.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from algorithm.hyperparameters import Hyperparameters

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Descent:
    """The state of gradient descent: the layer, and two arrays of its shape for the optimizer."""

    layer: Floats
    first: Floats
    second: Floats
    steps: int

    @classmethod
    def beginning(cls, layer: Floats) -> "Descent":
        """Return the initial state of a layer, with empty optimizer arrays."""
        return cls(layer, np.zeros_like(layer), np.zeros_like(layer), 0)


type Step = Callable[[Descent, Floats, float, Hyperparameters], Descent]


def sgd(at: Descent, gradient: Floats, rate: float, chosen: Hyperparameters) -> Descent:
    """Make one step of stochastic gradient descent with momentum."""
    velocity = chosen.momentum * at.first - rate * (gradient + chosen.weight_decay * at.layer)
    return replace(at, layer=at.layer + velocity, first=velocity, steps=at.steps + 1)


def nag(at: Descent, gradient: Floats, rate: float, chosen: Hyperparameters) -> Descent:
    """Make one step of Nesterov's accelerated gradient."""
    decayed = gradient + chosen.weight_decay * at.layer
    velocity = chosen.momentum * at.first - rate * decayed
    return replace(
        at,
        layer=at.layer + chosen.momentum * velocity - rate * decayed,
        first=velocity,
        steps=at.steps + 1,
    )


def adam(at: Descent, gradient: Floats, rate: float, chosen: Hyperparameters) -> Descent:
    """Make one step of Adam (Kingma and Ba, 2015)."""
    steps = at.steps + 1
    mean = chosen.beta_1 * at.first + (1 - chosen.beta_1) * gradient
    square = chosen.beta_2 * at.second + (1 - chosen.beta_2) * np.square(gradient)
    unbiased = float(
        np.divide(rate * math.sqrt(1 - chosen.beta_2**steps), 1 - chosen.beta_1**steps)
    )
    return Descent(at.layer - unbiased * mean / (np.sqrt(square) + chosen.eps), mean, square, steps)


def rmsprop(at: Descent, gradient: Floats, rate: float, chosen: Hyperparameters) -> Descent:
    """Make one step of RMSProp (Tieleman and Hinton, 2012)."""
    square = chosen.gamma * at.second + (1 - chosen.gamma) * np.square(gradient)
    layer = at.layer - rate * gradient / np.sqrt(square + chosen.eps)
    return replace(at, layer=layer, second=square, steps=at.steps + 1)


STEPS: Mapping[str, Step] = {"sgd": sgd, "nag": nag, "adam": adam, "rmsprop": rmsprop}
