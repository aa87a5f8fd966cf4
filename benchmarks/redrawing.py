"""How sure the figures of `make trust` are: one model's answers, drawn and divided anew, time after time."""

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
MIDDLE = (2.5, 97.5)  # percentiles: 95 % of the draws lie between them


@dataclass(frozen=True)
class Answers:
    """Class probabilities (images, classes) as the endpoint answered them, and class indices (images,)."""

    probabilities: NDArray[np.floating]
    labels: NDArray[np.int64]

    def of(self, which: NDArray[np.int64]) -> "Answers":
        """Some of them."""
        return Answers(self.probabilities[which], self.labels[which])


@dataclass(frozen=True)
class Draws:
    """Of each division: coverage and precision of the test images at the threshold; coverage at the guess."""

    precision: float
    coverages: Sequence[float]
    precisions: Sequence[float]
    coverages_at_guess: Sequence[float]

    @property
    def kept(self) -> int:
        """Count the divisions whose threshold keeps the guarantee on the test images."""
        return sum(precision >= self.precision for precision in self.precisions)

    def told(self) -> dict[str, Any]:
        """The same as data."""
        return {
            "precision": self.precision,
            "draws": len(self.coverages),
            "kept": self.kept,
            "without_threshold": sum(coverage == 0 for coverage in self.coverages),
            "coverage": float(np.mean(self.coverages)),
            "coverage_interval": np.percentile(self.coverages, MIDDLE).tolist(),
            "coverage_at_guess": float(np.mean(self.coverages_at_guess)),
            "coverage_at_guess_interval": np.percentile(self.coverages_at_guess, MIDDLE).tolist(),
        }


def read_answers(path: Path) -> Answers:
    """The answers that `evaluate` kept of the images of a split."""
    _, *lines = path.read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    labels = np.array([answer["image"]["label"] for answer in answers])
    return Answers(np.array([answer["probabilities"] for answer in answers]), labels)


def error_interval(
    test: Answers, temperature: float, error: float, seed: int
) -> tuple[float, float]:
    """The 95 % interval of a calibration error: two standard deviations of 200 bootstrap samples (Efron, 1979).

    Around the error itself: that of a sample drawn with repetition is larger, by the noise that comes with it.
    """
    rng, calibrated = np.random.default_rng(seed), as_served(test.probabilities, temperature)
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
    """Put all answers together and divide them anew, so many times, into as many of both kinds as before."""
    probabilities = np.vstack([calibration.probabilities, test.probabilities])
    pool = Answers(probabilities, np.concatenate([calibration.labels, test.labels]))
    rng, rows = np.random.default_rng(seed), []
    for _ in range(draws):
        first, second = divide(len(pool.labels), len(calibration.labels), rng)
        rows.append(_kept(pool.of(first), pool.of(second), guarantee))
    coverages, precisions, at_guess = zip(*rows, strict=True)
    return Draws(guarantee.precision, coverages, precisions, at_guess)


def divide(
    images: int, first: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of so many images for the first part, and of all others for the second: none is in both."""
    order = rng.permutation(images)
    return order[:first], order[first:]


def _kept(
    calibration: Answers, test: Answers, guarantee: PrecisionGuarantee
) -> tuple[float, float, float]:
    """Coverage and precision of the test images at the threshold; the coverage of the guess without calibration."""
    temperature = fit_temperature(calibration.probabilities, calibration.labels)
    confidences, right = _judged(calibration, temperature)
    choice = Candidates.of(confidences, right).choose(guarantee)
    at_guess = float((test.probabilities.max(axis=1) >= DEFAULT_THRESHOLD).mean())
    if choice is None:
        return 0.0, 0.0, at_guess  # where no promise can be made, none is kept
    confidences, right = _judged(test, temperature)
    accepted = confidences >= choice.threshold
    return float(accepted.mean()), float(right[accepted].mean()), at_guess


def _judged(answers: Answers, temperature: float) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    calibrated = as_served(answers.probabilities, temperature)
    return calibrated.max(axis=1), calibrated.argmax(axis=1) == answers.labels
