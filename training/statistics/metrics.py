"""Compute the metrics of a model from its answers to images of known class."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.statistics.acceptance import Acceptance
from training.statistics.calibration import TINY, as_served

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]

Z95 = 1.959964  # of the normal distribution: 95 % lie within this number of standard deviations
BINS = 15  # of confidence, in the expected calibration error of Guo et al., 2017


def evaluate(
    probabilities: Floats,
    labels: Labels,
    class_names: Sequence[str],
    temperature: float,
    acceptance: Acceptance,
) -> dict[str, Any]:
    """Return all metrics of class probabilities (images, classes) and class indices (images,).

    The probabilities are the endpoint's answers. Metrics of confidence are given before and after
    calibration with the temperature. A ratio of 0 to 0 is None.
    """
    predictions = probabilities.argmax(axis=1)
    calibrated = as_served(probabilities, temperature)
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
    """Return the 95 % Wilson interval (1927) of a share, also valid for few images."""
    share = right / n
    centre = share + Z95**2 / (2 * n)
    half = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    scale = 1 + Z95**2 / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def confusion_matrix(predictions: Labels, labels: Labels, classes: int) -> NDArray[np.int64]:
    """Count the images of each true class (rows) by predicted class (columns)."""
    cells = np.bincount(labels * classes + predictions, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def class_metrics(matrix: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and the number of images (support) of each class."""
    found = matrix.diagonal()
    predicted = matrix.sum(axis=0)
    true = matrix.sum(axis=1)
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
    """Return part / whole, None for a whole of 0."""
    return part / whole if whole else None


def mean_of(values: Sequence[float | None]) -> float | None:
    """Return the mean of the defined values, None without any."""
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def reliability(probabilities: Floats, labels: Labels) -> list[dict[str, float]]:
    """Group images by confidence: mean confidence, accuracy and size of each non-empty bin."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
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
    """Return the mean distance of accuracy from confidence over all bins, weighted by images."""
    bins = reliability(probabilities, labels)
    return sum(one["n"] * abs(one["accuracy"] - one["confidence"]) for one in bins) / len(labels)


def negative_log_likelihood(probabilities: Floats, labels: Labels) -> float:
    """Return minus the mean logarithm of the true class's probability."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], TINY)).mean())


def at_threshold(probabilities: Floats, labels: Labels, acceptance: Acceptance) -> dict[str, Any]:
    """Return the accepted share of images (coverage) and the right share of those (accuracy).

    Coverage counts images of real classes only: a negative example left for review is not a loss.
    """
    accepted = acceptance.accepted(probabilities)
    real = acceptance.real(labels)
    is_right = probabilities.argmax(axis=1) == labels
    right = int((is_right & accepted).sum())
    n = int(accepted.sum())

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
    """Return coverage and accuracy of the most confident predictions, from one to all."""
    possible = np.flatnonzero(acceptance.possible(probabilities))
    order = possible[np.argsort(-probabilities[possible].max(axis=1), kind="stable")]
    right = (probabilities.argmax(axis=1) == labels)[order]
    real = acceptance.real(labels)

    coverage = np.cumsum(real[order]) / max(int(real.sum()), 1)
    accuracy = np.cumsum(right) / np.arange(1, len(order) + 1)
    return coverage, accuracy


def timing(milliseconds: Floats, images: int, seconds: float | None) -> dict[str, Any]:
    """Return the client's latency (p50 and p99 in ms, all images) and the last run's throughput.

    After an interruption the last run has only the missing images: the time between two runs does
    not count. An interrupted run has no duration and no throughput.
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
    """Return the most frequent mistakes: true class, predicted class and number of images."""
    mistakes = [
        (class_names[true], class_names[predicted], count)
        for true, row in enumerate(matrix)
        for predicted, count in enumerate(row)
        if true != predicted and count
    ]
    return sorted(mistakes, key=lambda mistake: -mistake[2])[:most]
