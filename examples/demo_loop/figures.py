"""Measure a model on the test photos that both models of the loop have answered."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.dataset.answer import Answer
from training.statistics.acceptance import Acceptance
from training.statistics.calibration import as_served


@dataclass(frozen=True)
class Model:
    """The endpoint's answers to the test photos, and the model card with which they are read."""

    answers: Sequence[Answer]
    card: Mapping[str, Any]

    @property
    def keys(self) -> set[str]:
        """Return the contents of the test photos."""
        return {answer.image.digest for answer in self.answers}


@dataclass(frozen=True)
class Figures:
    """Numbers of photos.

    Args:
        photos: All photos.
        right: Photos that are predicted right.
        real: Photos that belong to a class; the others must not be accepted.
        covered: Photos that belong to a class and are accepted.
        accepted: Accepted photos.
        accepted_right: Accepted photos that are predicted right.
        has_guarantee: Whether the threshold keeps a precision guarantee.
    """

    photos: int
    right: int
    real: int
    covered: int
    accepted: int
    accepted_right: int
    has_guarantee: bool

    @property
    def accuracy(self) -> float:
        """Return the share of all photos that are predicted right."""
        return self.right / self.photos


def read_answers(run: Path) -> list[Answer]:
    """Read the answers to the test photos that `scones evaluate` stored in a run's folder."""
    _subject, *lines = (run / "test_answers.jsonl").read_text(encoding="utf-8").splitlines()
    return [Answer.of_data(json.loads(line)) for line in lines]


def figures(model: Model, digests: set[str]) -> Figures:
    """Measure a model on the photos with these contents, as the service reads its answers."""
    answers = [answer for answer in model.answers if answer.image.digest in digests]
    labels = np.array([answer.label for answer in answers])
    probabilities = as_served(
        np.array([answer.probabilities for answer in answers]), model.card["temperature"]
    )
    right = probabilities.argmax(axis=1) == labels
    acceptance = Acceptance.of_card(model.card)
    accepted, real = acceptance.accepted(probabilities), acceptance.real(labels)
    return Figures(
        photos=len(answers),
        right=int(right.sum()),
        real=int(real.sum()),
        covered=int((accepted & real).sum()),
        accepted=int(accepted.sum()),
        accepted_right=int((accepted & right).sum()),
        has_guarantee=bool(model.card.get("recommended_threshold")),
    )
