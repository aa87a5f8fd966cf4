"""Estimate the variance of the figures of `make trust`: divide one model's answers many times."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.statistics.acceptance import DEFAULT_THRESHOLD
from training.statistics.calibration import as_served, fit_temperature
from training.statistics.metrics import Z95, expected_calibration_error
from training.statistics.precision_guarantee import Candidates, PrecisionGuarantee

DRAWS = 200
MIDDLE = (2.5, 97.5)  # percentiles that contain 95 % of the draws


@dataclass(frozen=True)
class Answers:
    """The endpoint's class probabilities (images, classes), and class indices (images,)."""

    probabilities: NDArray[np.floating]
    labels: NDArray[np.int64]

    def of(self, which: NDArray[np.int64]) -> "Answers":
        """Return the answers at these places."""
        return Answers(self.probabilities[which], self.labels[which])


@dataclass(frozen=True)
class Draws:
    """Coverage and precision of the test images in each division, and coverage by default."""

    precision: float
    coverages: Sequence[float]
    precisions: Sequence[float]
    coverages_at_default: Sequence[float]

    @property
    def met(self) -> int:
        """Count the divisions whose threshold meets the guarantee on the test images."""
        return sum(precision >= self.precision for precision in self.precisions)

    def as_data(self) -> dict[str, Any]:
        """Return the figures as JSON data."""
        return {
            "precision": self.precision,
            "draws": len(self.coverages),
            "met": self.met,
            "without_threshold": sum(coverage == 0 for coverage in self.coverages),
            "coverage": float(np.mean(self.coverages)),
            "coverage_interval": np.percentile(self.coverages, MIDDLE).tolist(),
            "coverage_at_default": float(np.mean(self.coverages_at_default)),
            "coverage_at_default_interval": np.percentile(
                self.coverages_at_default, MIDDLE
            ).tolist(),
        }


def read_answers(path: Path) -> Answers:
    """Read the answers that `evaluate` stored for the images of a split."""
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    labels = np.array([answer["image"]["label"] for answer in answers])
    return Answers(np.array([answer["probabilities"] for answer in answers]), labels)


def error_interval(
    test: Answers, temperature: float, error: float, seed: int
) -> tuple[float, float]:
    """Return the 95 % interval of a calibration error, from 200 bootstrap samples (Efron, 1979).

    The interval is two standard deviations around the error itself. The error of a bootstrap sample
    is larger, because repeated images add noise.
    """
    rng = np.random.default_rng(seed)
    calibrated = as_served(test.probabilities, temperature)
    samples = (rng.integers(len(test.labels), size=len(test.labels)) for _ in range(DRAWS))
    errors = [
        expected_calibration_error(calibrated[sample], test.labels[sample]) for sample in samples
    ]
    half = Z95 * float(np.std(errors))

    return max(0.0, error - half), error + half


def draw(
    calibration: Answers,
    test: Answers,
    guarantee: PrecisionGuarantee,
    seed: int,
    draws: int = DRAWS,
) -> Draws:
    """Divide all answers at random `draws` times; the parts keep their sizes."""
    probabilities = np.vstack([calibration.probabilities, test.probabilities])
    pool = Answers(probabilities, np.concatenate([calibration.labels, test.labels]))
    rng = np.random.default_rng(seed)
    rows = []

    for _ in range(draws):
        first, second = divide(len(pool.labels), len(calibration.labels), rng)
        rows.append(_tested(pool.of(first), pool.of(second), guarantee))
    coverages, precisions, at_default = zip(*rows, strict=True)
    return Draws(guarantee.precision, coverages, precisions, at_default)


def divide(
    images: int, first: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places of `first` images, drawn at random, and of all other images."""
    order = rng.permutation(images)
    return order[:first], order[first:]


def _tested(
    calibration: Answers, test: Answers, guarantee: PrecisionGuarantee
) -> tuple[float, float, float]:
    """Return coverage and precision of the test images, and coverage by default."""
    temperature = fit_temperature(calibration.probabilities, calibration.labels)
    confidences, right = _judged(calibration, temperature)
    choice = Candidates.of(confidences, right).choose(guarantee)
    at_default = float((test.probabilities.max(axis=1) >= DEFAULT_THRESHOLD).mean())
    if choice is None:
        return 0.0, 0.0, at_default  # without a threshold, the guarantee is not met
    confidences, right = _judged(test, temperature)
    accepted = confidences >= choice.threshold

    return float(accepted.mean()), float(right[accepted].mean()), at_default


def _judged(answers: Answers, temperature: float) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    calibrated = as_served(answers.probabilities, temperature)
    return calibrated.max(axis=1), calibrated.argmax(axis=1) == answers.labels
