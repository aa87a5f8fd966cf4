"""Train the head: multinomial logistic regression on the backbone's features, in numpy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algorithm.errors import AlgorithmError
from algorithm.hyperparameters import Hyperparameters
from algorithm.optimizers import STEPS, Descent, Floats

Labels = NDArray[np.int64]

# Features are centred and scaled to this root mean square norm, which decides the good learning
# rates. With 10, rates from 0.003 to 0.1 differ by at most half a point of accuracy, and 0.01 has
# the least cross-entropy (3 draws of 2,000 CIFAR-10 training photos of 10 classes, and of 400 of
# 2 classes, measured on 2,000 and 400 others).
FEATURE_NORM = 10.0


class DivergedError(AlgorithmError):
    """Training diverged: choose a smaller learning_rate or momentum, or a larger eps."""


@dataclass(frozen=True, slots=True)
class Head:
    """A linear layer: weights of shape (features, classes) and a bias of shape (classes,)."""

    weights: Floats
    bias: Floats

    def probabilities(self, features: Floats) -> Floats:
        """Return class probabilities (images, classes) for features; each row sums to 1."""
        return softmax(features @ self.weights + self.bias)


def softmax(logits: Floats) -> Floats:
    """Return probabilities from logits over the last axis, without overflow."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), dtype=np.float32)


class HeadTraining:
    """Minimise the mean cross-entropy plus weight_decay / 2 times the squared weights.

    The same arguments give the same heads, also across processes: the order of the mini-batches
    and the view of each image follow from the number of the epoch.
    """

    def __init__(
        self,
        features: Floats,
        labels: Labels,
        chosen: Hyperparameters,
        views: Sequence[Floats] = (),
    ) -> None:
        """Prepare features (images, features), class indices (images,) and features of views."""
        self._chosen = chosen
        self._mean = features.mean(axis=0)
        norm = np.sqrt(np.square(features - self._mean).sum(axis=1).mean())
        self._scale = np.float32(
            FEATURE_NORM / max(norm, 1e-6)
        )  # all images are equal: avoid a division by 0
        ones = np.ones(len(features), np.float32)  # their weight is the bias
        self._inputs = [
            np.column_stack([(seen - self._mean) * self._scale, ones])
            for seen in (features, *views)
        ]
        self._targets = np.eye(chosen.num_classes, dtype=np.float32)[labels]

    def beginning(self, head: Head | None) -> Descent:
        """Return the state before the first epoch: an earlier head, or equal probabilities."""
        if head is None:
            return Descent.beginning(
                np.zeros((self._inputs[0].shape[1], self._targets.shape[1]), np.float32)
            )
        bias = head.bias + self._mean @ head.weights
        return Descent.beginning(np.vstack([head.weights / self._scale, bias], dtype=np.float32))

    def epoch(self, number: int, descent: Descent) -> Descent:
        """Run one epoch over all images.

        Raises:
            DivergedError: the weights are no longer finite.
        """
        step, rate = STEPS[self._chosen.optimizer], self._chosen.learning_rate_of(number)
        size = self._chosen.mini_batch_size
        chance = np.random.default_rng([0, number])
        order = chance.permutation(len(self._targets))
        chosen_inputs = self.one_view_each(chance)
        with np.errstate(all="ignore"):  # checked once, below
            for batch in np.split(order, range(size, len(order), size)):
                inputs = chosen_inputs[batch]
                error = softmax(inputs @ descent.layer) - self._targets[batch]
                descent = step(descent, inputs.T @ error / len(batch), rate, self._chosen)
        if not np.isfinite(descent.layer).all():
            raise DivergedError(f"epoch {number}")
        return descent

    def one_view_each(self, chance: np.random.Generator) -> Floats:
        """Return inputs of which each row comes from one of the views."""
        if len(self._inputs) == 1:
            return self._inputs[0]
        which = chance.integers(len(self._inputs), size=len(self._targets))[:, np.newaxis]
        return np.choose(which, self._inputs)

    def head(self, descent: Descent) -> Head:
        """Return the current head, with centring and scaling folded into its weights."""
        weights = descent.layer[:-1] * self._scale
        return Head(weights, descent.layer[-1] - self._mean @ weights)
