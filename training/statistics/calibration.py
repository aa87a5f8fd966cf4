"""Temperature scaling: class probabilities that can be read as how often the prediction is right.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", 2017: one number, the temperature, divides
the logits; it changes no prediction, only how sure the model says it is.
"""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]

COLDEST, HOTTEST = 0.05, 20.0  # where the search ends
TINY = 1e-12  # stands in for a probability of 0, whose logarithm there is not


def with_temperature(probabilities: Floats, temperature: float) -> Floats:
    """Probabilities (images, classes) at another temperature: p ** (1 / temperature), each row made to sum to 1.

    Done on ratios to the largest, as classify_image does, so that no temperature makes a whole row vanish.
    """
    powers = (probabilities / probabilities.max(axis=1, keepdims=True)) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def as_served(probabilities: Floats, temperature: float) -> Floats:
    """Calibrated class probabilities, to the twelve digits that classify_image keeps: what the threshold is held to."""
    return np.asarray(with_temperature(probabilities, temperature).round(12))


def fit_temperature(probabilities: Floats, labels: Labels) -> float:
    """The temperature at which probabilities (images, classes) explain the labels (images,) best, from 0.05 to 20.

    Minimises the negative log-likelihood on images the model was not trained on. It is convex in 1 / temperature, and
    falls as long as the mean logit of the truth is above the mean expected logit: halving an interval finds the turn.

    Of n images that are all predicted right nobody knows that every other one would be: the truth counts as
    (n + 1) / (n + 2), as in Platt, "Probabilistic outputs for support vector machines", 1999, section 2.2.
    """
    logits = np.log(np.maximum(probabilities, TINY))
    images, classes = logits.shape
    doubt = 1 / (images + 2)
    true = logits[np.arange(images), labels]
    of_the_truth = ((1 - doubt) * true + doubt * (logits.sum(axis=1) - true) / (classes - 1)).mean()
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(50):
        middle = (low + high) / 2
        expected = (with_temperature(probabilities, 1 / middle) * logits).sum(axis=1).mean()
        low, high = (middle, high) if of_the_truth > expected else (low, middle)
    return float(1 / low)
