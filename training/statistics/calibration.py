"""Scale class probabilities with a temperature, so that confidence equals the rate of being right.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", 2017: one number, the
temperature, divides the logits. It changes confidences and no prediction.
"""

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]

COLDEST, HOTTEST = 0.05, 20.0  # limits of the search
TINY = 1e-12  # replaces a probability of 0, whose logarithm is undefined


def with_temperature(probabilities: Floats, temperature: float) -> Floats:
    """Return probabilities (images, classes) at another temperature: normalized p ** (1 / T).

    The powers are of ratios to the largest probability, as in classify_image, so that no
    temperature makes a whole row vanish.
    """
    powers = (probabilities / probabilities.max(axis=1, keepdims=True)) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def as_served(probabilities: Floats, temperature: float) -> Floats:
    """Return calibrated probabilities with twelve digits, as classify_image compares them."""
    return np.asarray(with_temperature(probabilities, temperature).round(12))


def fit_temperature(probabilities: Floats, labels: Labels) -> float:
    """Return the temperature from 0.05 to 20 that explains the labels (images,) best.

    It minimizes the negative log-likelihood of probabilities (images, classes) on images outside
    the training. The likelihood is convex in 1 / temperature. It falls while the mean logit of the
    true class is above the mean expected logit, so a bisection finds the minimum.

    If all n images are predicted right, others may still be wrong. The true class counts as
    (n + 1) / (n + 2), as in Platt, "Probabilistic outputs for support vector machines", 1999,
    section 2.2.
    """
    logits = np.log(np.maximum(probabilities, TINY))
    images, classes = logits.shape
    doubt = 1 / (images + 2)
    true = logits[np.arange(images), labels]
    of_the_truth = ((1 - doubt) * true + doubt * (logits.sum(axis=1) - true) / (classes - 1)).mean()
    low = 1 / HOTTEST
    high = 1 / COLDEST
    for _ in range(50):
        middle = (low + high) / 2
        expected = (with_temperature(probabilities, 1 / middle) * logits).sum(axis=1).mean()
        low, high = (middle, high) if of_the_truth > expected else (low, middle)
    return float(1 / low)
