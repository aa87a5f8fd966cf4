"""Learn a small model from the labels given so far, to know which images are uncertain."""

import numpy as np
from numpy.typing import NDArray

from algorithm.head import Head, HeadTraining
from algorithm.hyperparameters import Hyperparameters
from review.order.selection import Floats

EPOCHS = 30  # these, and the learning rate, as training/jobs/hyperparameters.toml
LEARNING_RATE = 0.003
ROWS = 4_096  # images whose probabilities are computed at once; it limits memory


def head_of(features: Floats, labels: NDArray[np.int64], classes: int) -> Head:
    """Train the algorithm's head on features (images, features) and class indices (images,).

    It does without the discriminant that a job adds: the order of the queue was measured so.
    """
    chosen = Hyperparameters(
        num_classes=classes,
        num_training_samples=len(labels),
        epochs=EPOCHS,
        learning_rate=LEARNING_RATE,
    )
    training = HeadTraining(features.astype(np.float32), labels, chosen)
    descent = training.beginning(None)
    for number in range(EPOCHS):
        descent = training.epoch(number, descent)
    return training.head(descent)


def probabilities_of(head: Head, features: Floats) -> Floats:
    """Return class probabilities (images, classes)."""
    parts = [
        head.probabilities(features[start : start + ROWS].astype(np.float32))
        for start in range(0, len(features), ROWS)
    ]
    return np.concatenate(parts) if parts else np.empty((0, head.bias.size), np.float32)
