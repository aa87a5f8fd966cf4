"""Compute a linear discriminant analysis (LDA), which a job adds to its trained head.

All classes share one covariance matrix, shrunk towards a multiple of the identity. So the
discriminant is a linear layer as the trained head is, and their sum is one layer.
"""

import numpy as np

from algorithm.head import Head, Labels
from algorithm.optimizers import Floats

# Both constants were chosen on training photos of CIFAR-10; docs/decisions.md has the figures.
SHRINKAGE = 0.5
SHARE = 0.4  # the spread of the discriminant's logits, as a share of the trained head's

TINY = 1e-12  # replaces the variance within classes of one image
ROWS = 4_096  # images that are float64 at once; it limits memory


def discriminant(
    features: Floats, labels: Labels, classes: int, shrinkage: float = SHRINKAGE
) -> Head:
    """Return the LDA of features (images, features) and class indices (images,) as a layer.

    The covariance is (1 - shrinkage) S + shrinkage v I, with the covariance S within the classes
    and its mean variance v. The smaller of two matrices is solved, in float64: that of the features
    or that of the images (Woodbury's identity). A class without images has the mean of all images,
    and the prior probability of half an image.
    """
    images, width = features.shape
    middle = features.mean(axis=0, dtype=np.float64)
    counts = np.bincount(labels, minlength=classes)
    means = np.zeros((classes, width))
    for part in _parts(images):
        np.add.at(means, labels[part], features[part] - middle)
    means /= np.maximum(counts, 1)[:, np.newaxis]

    if images < width:
        rows = features - middle - means[labels]
        matrix = rows @ rows.T
    else:
        matrix = np.zeros((width, width))
        for part in _parts(images):
            some = features[part] - middle - means[labels[part]]
            matrix += some.T @ some
    ridge = shrinkage * max(np.trace(matrix) / (images * width), TINY)
    matrix *= (1 - shrinkage) / images
    matrix[np.diag_indices_from(matrix)] += ridge

    weights = means.T
    if images < width:
        outer = (1 - shrinkage) / images * rows.T
        weights = (weights - outer @ np.linalg.solve(matrix, rows @ weights)) / ridge
    else:
        weights = np.linalg.solve(matrix, weights)
    prior = np.log(np.maximum(counts, 0.5) / images)
    return Head(weights, prior - (means.T * weights).sum(axis=0) / 2 - middle @ weights)


def with_discriminant(head: Head, added: Head, features: Floats) -> Head:
    """Return the sum of a trained head and a discriminant, in float32.

    The discriminant is scaled: its logits of these images spread `SHARE` as far around the mean of
    an image as the head's. An LDA of few images is far too sure of its classes.
    """
    spread = _spread(added, features)
    weight = SHARE * _spread(head, features) / spread if spread else 0.0
    weights = head.weights + weight * added.weights
    bias = head.bias + weight * added.bias
    return Head(weights.astype(np.float32), bias.astype(np.float32))


def _spread(head: Head, features: Floats) -> float:
    """Return the root mean square of the logits without the mean of each image."""
    weights = head.weights - head.weights.mean(axis=1, keepdims=True)
    return float(np.sqrt(np.square(features @ weights + (head.bias - head.bias.mean())).mean()))


def _parts(images: int) -> list[slice]:
    """Return slices of at most `ROWS` images."""
    return [slice(start, start + ROWS) for start in range(0, images, ROWS)]
