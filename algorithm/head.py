"""The part that is trained: multinomial logistic regression on the backbone's features, in numpy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algorithm.errors import AlgorithmError
from algorithm.hyperparameters import Hyperparameters
from algorithm.optimizers import STEPS, Descent, Floats

Labels = NDArray[np.int64]

# Features are centred and scaled to this root mean square norm. It decides which learning rates are good ones: with 10,
# all of 0.003 to 0.1 end within half a point of accuracy of each other, and 0.01 has the least cross-entropy (3 draws
# of 2,000 CIFAR-10 training photos of 10 classes, and of 400 of 2 classes, on 2,000 and 400 others).
FEATURE_NORM = 10.0


class DivergedError(AlgorithmError):
    """Training went out of all bounds: choose a smaller learning_rate or momentum, or a larger eps."""


@dataclass(frozen=True, slots=True)
class Head:
    """A linear layer: weights of shape (features, classes) and a bias of shape (classes,)."""

    weights: Floats
    bias: Floats

    def probabilities(self, features: Floats) -> Floats:
        """Class probabilities (images, classes) for features (images, features); each row sums to 1."""
        return softmax(features @ self.weights + self.bias)


def softmax(logits: Floats) -> Floats:
    """Probabilities from logits, over the last axis; no overflow however large they are."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), dtype=np.float32)


class HeadTraining:
    """Minimises the mean cross-entropy, plus weight_decay / 2 times the squared weights, epoch by epoch.

    The same arguments always give the same heads, also when an epoch is run in another process than the one before:
    the order of the mini-batches of an epoch, and which view of each image it takes, come from its number.
    """

    def __init__(
        self,
        features: Floats,
        labels: Labels,
        chosen: Hyperparameters,
        views: Sequence[Floats] = (),
    ) -> None:
        """For features (images, features), class indices (images,) and features of views, each like the first."""
        self._chosen = chosen
        self._mean = features.mean(axis=0)
        norm = np.sqrt(np.square(features - self._mean).sum(axis=1).mean())
        self._scale = np.float32(
            FEATURE_NORM / max(norm, 1e-6)
        )  # images all alike: nothing to divide by
        ones = np.ones(len(features), np.float32)  # their weight is the bias
        self._inputs = [
            np.column_stack([(seen - self._mean) * self._scale, ones])
            for seen in (features, *views)
        ]
        self._targets = np.eye(chosen.num_classes, dtype=np.float32)[labels]

    def beginning(self, head: Head | None) -> Descent:
        """Before the first epoch: from a head trained earlier, or from one that gives all classes the same."""
        if head is None:
            return Descent.beginning(
                np.zeros((self._inputs[0].shape[1], self._targets.shape[1]), np.float32)
            )
        bias = head.bias + self._mean @ head.weights
        return Descent.beginning(np.vstack([head.weights / self._scale, bias], dtype=np.float32))

    def epoch(self, number: int, descent: Descent) -> Descent:
        """Go once through all images. Raises DivergedError."""
        step, rate = STEPS[self._chosen.optimizer], self._chosen.learning_rate_of(number)
        size = self._chosen.mini_batch_size
        chance = np.random.default_rng([0, number])
        order = chance.permutation(len(self._targets))
        chosen_inputs = self.one_view_each(chance)
        with np.errstate(all="ignore"):  # looked for once, below
            for batch in np.split(order, range(size, len(order), size)):
                inputs = chosen_inputs[batch]
                error = softmax(inputs @ descent.layer) - self._targets[batch]
                descent = step(descent, inputs.T @ error / len(batch), rate, self._chosen)
        if not np.isfinite(descent.layer).all():
            raise DivergedError(f"epoch {number}")
        return descent

    def one_view_each(self, chance: np.random.Generator) -> Floats:
        """Inputs of the size of one, each row from one of them."""
        if len(self._inputs) == 1:
            return self._inputs[0]
        which = chance.integers(len(self._inputs), size=len(self._targets))[:, np.newaxis]
        return np.choose(which, self._inputs)

    def head(self, descent: Descent) -> Head:
        """The head that the descent has come to; centring and scaling are in it, so that nobody need know of them."""
        weights = descent.layer[:-1] * self._scale
        return Head(weights, descent.layer[-1] - self._mean @ weights)
