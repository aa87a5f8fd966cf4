"""Judge the machine's decisions by the answers of reviewers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from cli.outcomes import ACCEPTED
from review.images import (
    Answer,
    ImageKey,
    MachineDecision,
    Reason,
    Verdict,
    WaitingImage,
    deciding_answer,
    next_reason,
)


@dataclass(frozen=True)
class ReviewedImage:
    """An image with at least one answer.

    Args:
        answers: The oldest first.
        settled: Whether the review is complete; otherwise a further reviewer will look at it.
    """

    key: ImageKey
    machine: MachineDecision
    model_digest: str
    answers: Sequence[Answer]
    settled: bool

    @cached_property
    def deciding(self) -> Answer:
        """The answer that stands, of those given so far."""
        return deciding_answer(self.answers)

    @property
    def usable(self) -> bool:
        """Whether the answer says what the image shows. "Not usable" judges no prediction."""
        return self.deciding.verdict != Verdict.NOT_USABLE

    @property
    def right(self) -> bool:
        """Whether the answer is the predicted class."""
        answer = self.deciding
        return answer.verdict == Verdict.CLASS and answer.label == self.machine.classification

    @property
    def contradicted(self) -> bool:
        """Whether any answer so far is another one than the predicted class."""
        agreeing = (Verdict.CLASS, self.machine.classification)
        return any(answer.decision != agreeing for answer in self.answers)

    @property
    def accepted(self) -> bool:
        """Whether the gate accepted the image."""
        return self.machine.outcome == ACCEPTED

    @property
    def audit(self) -> bool:
        """Whether the image was drawn at random from all classified images."""
        return self.machine.audit_drawn

    @property
    def shown(self) -> str:
        """The answer as people read it."""
        return shown_answer(self.deciding)


def shown_answer(answer: Answer) -> str:
    """Return the class, or the verdict as people read it."""
    if answer.verdict == Verdict.CLASS:
        return answer.label or ""
    return "none of these" if answer.verdict == Verdict.NONE_OF_THESE else "not usable"


def reviewed_images(groups: Iterable[Sequence[Answer]]) -> list[ReviewedImage]:
    """Return the images in the order of their first answers.

    An answer of an earlier version of this tool does not know the machine's decision; an image
    whose answers all lack the decision is left out.
    """
    images = [image for answers in groups if (image := _reviewed(answers)) is not None]
    return sorted(images, key=lambda image: (image.answers[0].answered_at, image.key.id))


def _reviewed(answers: Sequence[Answer]) -> ReviewedImage | None:
    known = [answer for answer in answers if answer.machine is not None]
    if not known:
        return None
    machine = known[-1].machine
    assert machine is not None  # nosec B101 - for mypy
    waiting = WaitingImage(
        key=known[-1].key,
        reason=Reason.REVIEW,
        outcome=machine.outcome,
        classification=machine.classification,
        confidence_score=machine.confidence,
        class_probabilities={machine.classification: machine.confidence},
        audit_drawn=machine.audit_drawn,
        audit_probability=machine.audit_probability,
        model_digest=known[-1].model_digest,
        recorded_at="",
        revision=len(answers),
    )
    settled = next_reason(waiting, answers) is None
    return ReviewedImage(waiting.key, machine, waiting.model_digest, answers, settled)
