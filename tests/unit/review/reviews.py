"""Answers with the machine's decisions, without tables."""

from collections.abc import Iterator
from itertools import count

from review.images import Answer, ImageKey, MachineDecision, Reason, Verdict
from review.overview.reviewed import ReviewedImage, reviewed_images

MODEL = "sha256:model"
_NUMBERS: Iterator[int] = count()


def answer(
    *,
    key: ImageKey | None = None,
    label: str | None = "truck",
    verdict: Verdict = Verdict.CLASS,
    reviewer: str = "anne",
    predicted: str = "truck",
    confidence: float = 0.9,
    outcome: str = "ACCEPTED",
    audit: bool = True,
    probability: float = 0.01,
    model: str = MODEL,
    seconds: float = 2.0,
) -> Answer:
    """Return an answer that is later than those before it."""
    number = next(_NUMBERS)
    return Answer(
        answer_id=f"answer-{number}",
        key=key or ImageKey(f"s3://images/uploads/{number}.jpg", "v1"),
        verdict=verdict,
        label=label if verdict == Verdict.CLASS else None,
        reviewer=reviewer,
        answered_at=f"2026-01-01T00:00:00.{number:06}",
        reason=Reason.AUDIT if audit else Reason.REVIEW,
        model_digest=model,
        seconds=seconds,
        machine=MachineDecision(outcome, predicted, confidence, audit, probability),
    )


def audited(
    *labels: str | Verdict,
    predicted: str = "truck",
    confidence: float = 0.9,
    outcome: str = "ACCEPTED",
    probability: float = 0.01,
) -> list[Answer]:
    """Return the answers of anne, bert and carl to one audited image: classes or verdicts."""
    key = ImageKey(f"s3://images/uploads/{next(_NUMBERS)}.jpg", "v1")
    found = []
    for label, reviewer in zip(labels, ("anne", "bert", "carl"), strict=False):
        verdict = label if isinstance(label, Verdict) else Verdict.CLASS
        found.append(
            answer(
                key=key,
                label=label,
                verdict=verdict,
                reviewer=reviewer,
                predicted=predicted,
                confidence=confidence,
                outcome=outcome,
                probability=probability,
            )
        )
    return found


def images(*groups: list[Answer]) -> list[ReviewedImage]:
    """Return the reviewed images of groups of answers."""
    return reviewed_images(groups)
