"""Simulate reviewers who know the true classes, and err with a stated probability.

The rules of the review page decide how many of them answer: one for most images, two for audits,
and a third where these differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from review.images import Answer, Reason, Verdict, WaitingImage, next_reason

_SECONDS = 1.5  # that a simulated reviewer looks at an image; only statistics show it


@dataclass(frozen=True)
class SimulatedReviewer:
    """A reviewer.

    Args:
        name: The name in the answers.
        error: The probability of a wrong answer, from 0 to 1.
        chance: Draws the errors.
    """

    name: str
    error: float
    chance: np.random.Generator

    def answer(
        self, image: WaitingImage, truth: str | None, reason: Reason, answered_at: str
    ) -> Answer:
        """Answer with the true class (None: none of these), or with another one by mistake."""
        label = truth
        if self.chance.random() < self.error:
            others = [name for name in image.classes if name != truth]
            label = others[self.chance.integers(len(others))]

        return Answer(
            answer_id=str(UUID(bytes=self.chance.bytes(16), version=4)),
            key=image.key,
            verdict=Verdict.NONE_OF_THESE if label is None else Verdict.CLASS,
            label=label,
            reviewer=self.name,
            answered_at=answered_at,
            reason=reason,
            model_digest=image.model_digest,
            seconds=_SECONDS,
        )


def answers_to(
    image: WaitingImage, truth: str | None, reviewers: Sequence[SimulatedReviewer], answered_at: str
) -> list[Answer]:
    """Return the answers of a complete review; each reviewer answers once, in this order."""
    answers: list[Answer] = []
    for reviewer in reviewers:
        reason = next_reason(image, answers)
        if reason is None:
            break
        answers.append(reviewer.answer(image, truth, reason, answered_at))
    return answers
