"""What the answers to images of known class say of a model. Every number is a function of the answers alone."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.statistics.acceptance import Acceptance
from training.statistics.calibration import TINY, as_served

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]

Z95 = 1.959964  # of the normal distribution: 95 % lie within so many standard deviations
BINS = 15  # of confidence, in the expected calibration error of Guo et al., 2017


def evaluate(
    probabilities: Floats,
    labels: Labels,
    class_names: Sequence[str],
    temperature: float,
    acceptance: Acceptance,
) -> dict[str, Any]:
    """All metrics of class probabilities (images, classes), as the endpoint answered them, and class indices (images,).

    What depends on confidence is told before and after calibration with the temperature. A rate of 0 in 0 is None.
    """
    predictions, calibrated = probabilities.argmax(axis=1), as_served(probabilities, temperature)
    right = int((predictions == labels).sum())
    matrix = confusion_matrix(predictions, labels, len(class_names))
    classes = dict(zip(class_names, class_metrics(matrix), strict=True))
    return {
        "n": len(labels),
        "accuracy": right / len(labels),
        "accuracy_interval": list(wilson_interval(right, len(labels))),
        "classes": classes,
        "macro": {
            name: mean_of([one[name] for one in classes.values()])
            for name in ("precision", "recall", "f1")
        },
        "confusion_matrix": matrix.tolist(),
        "temperature": temperature,
        "calibration": {
            name: {
                "expected_calibration_error": expected_calibration_error(which, labels),
                "negative_log_likelihood": negative_log_likelihood(which, labels),
            }
            for name, which in (("before", probabilities), ("after", calibrated))
        },
        "at_threshold": at_threshold(calibrated, labels, acceptance),
    }


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share `right / n` (Wilson, 1927): holds for few images and for shares near 0 and 1 too."""
    share = right / n
    centre = share + Z95**2 / (2 * n)
    half = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    scale = 1 + Z95**2 / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def confusion_matrix(predictions: Labels, labels: Labels, classes: int) -> NDArray[np.int64]:
    """How many images of each true class (rows) were predicted as each class (columns)."""
    cells = np.bincount(labels * classes + predictions, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def class_metrics(matrix: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Precision, recall and F1 of each class, and its number of images (support)."""
    found, predicted, true = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)
    return [
        {
            "precision": share(int(hits), int(columns)),
            "recall": share(int(hits), int(rows)),
            "f1": share(2 * int(hits), int(columns) + int(rows)),
            "support": int(rows),
        }
        for hits, columns, rows in zip(found, predicted, true, strict=True)
    ]


def share(part: int, whole: int) -> float | None:
    """part / whole; None where there is nothing to take a part of."""
    return part / whole if whole else None


def mean_of(values: Sequence[float | None]) -> float | None:
    """The mean of what is defined; None if nothing is."""
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def reliability(probabilities: Floats, labels: Labels) -> list[dict[str, float]]:
    """Images by confidence, in bins of equal width: mean confidence, accuracy and number of images; no empty bins."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "confidence": float(confidence[bins == number].mean()),
            "accuracy": float(right[bins == number].mean()),
            "n": int((bins == number).sum()),
        }
        for number in np.unique(bins)
    ]


def expected_calibration_error(probabilities: Floats, labels: Labels) -> float:
    """The mean distance of accuracy from confidence over the bins of `reliability`, weighted by their images."""
    bins = reliability(probabilities, labels)
    return sum(one["n"] * abs(one["accuracy"] - one["confidence"]) for one in bins) / len(labels)


def negative_log_likelihood(probabilities: Floats, labels: Labels) -> float:
    """Minus the mean logarithm of the probability given to the true class."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], TINY)).mean())


def at_threshold(probabilities: Floats, labels: Labels, acceptance: Acceptance) -> dict[str, Any]:
    """The share of images accepted (coverage), and how often those are right (precision, here called accuracy).

    Coverage is told of the images of real classes: that a counter-example is left for review is no loss.
    """
    accepted, real = acceptance.accepted(probabilities), acceptance.real(labels)
    right, n = int(((probabilities.argmax(axis=1) == labels) & accepted).sum()), int(accepted.sum())
    return {
        "threshold": acceptance.strictest,
        "coverage": share(int((accepted & real).sum()), int(real.sum())),
        "accuracy": share(right, n),
        "accuracy_interval": list(wilson_interval(right, n)) if n else None,
        "n": n,
    }


def coverage_curve(
    probabilities: Floats, labels: Labels, acceptance: Acceptance
) -> tuple[Floats, Floats]:
    """Coverage and accuracy of the most confident predictions that may be accepted, from one of them to all."""
    possible = np.flatnonzero(acceptance.possible(probabilities))
    order = possible[np.argsort(-probabilities[possible].max(axis=1), kind="stable")]
    right, real = (probabilities.argmax(axis=1) == labels)[order], acceptance.real(labels)
    return np.cumsum(real[order]) / max(int(real.sum()), 1), np.cumsum(right) / np.arange(
        1, len(order) + 1
    )


def timing(milliseconds: Floats, images: int, seconds: float | None) -> dict[str, Any]:
    """Latency as the client saw it (p50 and p99, ms, of all images), and images a second of the last go.

    Where an evaluation was interrupted, the last go had only the images that were missing: what lies between two goes
    is no time of the endpoint's. A go that was itself interrupted has no seconds, and no throughput.
    """
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return {
        "latency_ms": {"p50": float(p50), "p99": float(p99), "n": len(milliseconds)},
        "throughput": {
            "images_per_second": images / seconds if images and seconds else None,
            "n": images,
        },
    }


def most_confused(
    matrix: Sequence[Sequence[int]], class_names: Sequence[str], most: int = 3
) -> list[tuple[str, str, int]]:
    """True class, predicted class and number of the most frequent mistakes, at most `most` of them."""
    mistakes = [
        (class_names[true], class_names[predicted], count)
        for true, row in enumerate(matrix)
        for predicted, count in enumerate(row)
        if true != predicted and count
    ]
    return sorted(mistakes, key=lambda mistake: -mistake[2])[:most]
