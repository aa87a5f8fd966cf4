"""The part that is trained: multinomial logistic regression on the backbone's features, in numpy."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from local.algorithm.hyperparameters import Hyperparameters

Floats = NDArray[np.floating]
Labels = NDArray[np.int64]

# Features are centred and scaled to this root mean square norm. It decides which learning rates are good ones: with 10,
# all of 0.001 to 0.1 end within half a point of accuracy of each other (20 draws of 430 CIFAR-10 training photos).
FEATURE_NORM = 10.0


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


def fit(features: Floats, labels: Labels, chosen: Hyperparameters) -> Iterator[Head]:
    """The head after each epoch, for features (images, features) and class indices (images,).

    The same arguments always give the same heads: the order of the mini-batches comes from a fixed seed.
    """
    mean = features.mean(axis=0)
    norm = np.sqrt(np.square(features - mean).sum(axis=1).mean())
    scale = np.float32(FEATURE_NORM / max(norm, 1e-6))  # all images alike: nothing to learn, and nothing to divide by
    for head in epochs((features - mean) * scale, labels, chosen):
        # Centring and scaling go into the layer, so that whoever uses it need not know of them.
        weights = head.weights * scale
        yield Head(weights, head.bias - mean @ weights)


def epochs(features: Floats, labels: Labels, chosen: Hyperparameters) -> Iterator[Head]:
    """Minimise the mean cross-entropy plus weight_decay / 2 times the squared weights; one head after each epoch.

    By stochastic gradient descent with momentum, the built-in algorithm's default optimizer.
    """
    random = np.random.default_rng(0)
    inputs = np.column_stack([features, np.ones(len(features), np.float32)])  # the last one's weight is the bias
    targets = np.eye(chosen.num_classes, dtype=np.float32)[labels]
    layer: Floats = np.zeros((inputs.shape[1], chosen.num_classes), np.float32)
    step: Floats = np.zeros_like(layer)
    for _ in range(chosen.epochs):
        order = random.permutation(len(inputs))
        for start in range(0, len(order), chosen.mini_batch_size):
            batch = order[start : start + chosen.mini_batch_size]
            error = softmax(inputs[batch] @ layer) - targets[batch]
            gradient = inputs[batch].T @ error / len(batch) + chosen.weight_decay * layer
            step = chosen.momentum * step - chosen.learning_rate * gradient
            layer = layer + step
        yield Head(layer[:-1], layer[-1])
