"""An image version that waits for a reviewer, and the answers that reviewers give."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cli.errors import CommandError


class InvalidImageIdError(CommandError):
    """The image id does not name an image version: reload the page."""


class InvalidAnswerError(CommandError):
    """The answer is not a class of the model, "none of these" or "not usable": reload the page."""


class UnknownClassError(InvalidAnswerError):
    """Another model has decided this image meanwhile: it is shown again with the new classes."""


class Reason(StrEnum):
    """Why an image waits for a reviewer; in the service the value of `waits_for` in its record."""

    REVIEW = "REVIEW"  # its confidence is below the threshold, or its class is always for review
    AUDIT = "AUDIT"  # drawn at random from all classified images, to judge the gate
    SECOND_OPINION = "SECOND_OPINION"  # it has an answer, and needs another reviewer's
    TYPICAL = "TYPICAL"  # of a folder: the most typical image of a cluster without labels
    SAMPLE = "SAMPLE"  # of a folder: drawn at random, since nothing is known of it yet


class Verdict(StrEnum):
    """What a reviewer says about an image."""

    CLASS = "CLASS"  # it shows one of the model's classes
    NONE_OF_THESE = "NONE_OF_THESE"
    NOT_USABLE = "NOT_USABLE"  # too dark, cut off, not a photo


@dataclass(frozen=True, slots=True)
class ImageKey:
    """The key of an image version's record."""

    image_url: str
    version: str

    @property
    def id(self) -> str:
        """The key as one word that fits into a URL."""
        text = json.dumps([self.image_url, self.version])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def of(cls, image_id: str) -> "ImageKey":
        """Read an id.

        Raises:
            InvalidImageIdError: The id was not made by `id`.
        """
        try:
            padded = image_id + "=" * (-len(image_id) % 4)
            image_url, version = json.loads(base64.b64decode(padded, b"-_", validate=True))
        except (ValueError, binascii.Error, TypeError) as exc:
            raise InvalidImageIdError(f"{image_id!r:.60}. {InvalidImageIdError.__doc__}") from exc
        if not isinstance(image_url, str) or not isinstance(version, str):
            raise InvalidImageIdError(f"{image_id!r:.60}. {InvalidImageIdError.__doc__}")
        return cls(image_url, version)


@dataclass(frozen=True, slots=True)
class MachineDecision:
    """What the machine decided about an image; a review never changes it.

    Args:
        outcome: ACCEPTED or REVIEW.
        confidence: The confidence score, from 0 to 1.
        audit_drawn: Whether the image was drawn for an audit.
        audit_probability: The probability of the draw, from 0 to 1, for drawn and other images.
    """

    outcome: str
    classification: str
    confidence: float
    audit_drawn: bool
    audit_probability: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of one reviewer. `label` is the class, where the verdict is `CLASS`.

    Args:
        answer_id: Chosen by the page, so that an answer sent twice is stored once.
        answered_at: UTC, ISO 8601.
        seconds: How long the reviewer looked at the image.
        machine: The machine's decision, stored with each answer, so that the answers alone compare
            reviewers with the model. None before the answer is stored.
        label_probability: The machine's probability of the given class, from 0 to 1, where the
            verdict is `CLASS`; of a class that the record does not list, the most that it can be.
            No machine has learned from this answer yet, so a low value makes
            the label suspicious.
        asks_another: Whether another reviewer has to answer too.
    """

    answer_id: str
    key: ImageKey
    verdict: Verdict
    label: str | None
    reviewer: str
    answered_at: str
    reason: Reason
    model_digest: str
    seconds: float
    machine: MachineDecision | None = None
    label_probability: float | None = None
    asks_another: bool = False

    @property
    def decision(self) -> tuple[Verdict, str | None]:
        """The part that two reviewers agree on, or not."""
        return self.verdict, self.label


@dataclass(frozen=True, slots=True)
class WaitingImage:
    """What the record of an image that waits says about it.

    Args:
        outcome: ACCEPTED or REVIEW, the machine's; a review never changes it.
        revision: How many answers and undos the record has seen; a writer must know the last one.
        second_look: Whether a person doubts the label, so that another reviewer has to answer.
        image_hash: Perceptual hash, "" in records of before it existed.
        unlisted_classes: The model's other classes, if `class_probabilities` are the largest ones.
        embedding: As `functions.classify_image.embedding.packed` writes it; "" without one.
    """

    key: ImageKey
    reason: Reason
    outcome: str
    classification: str
    confidence_score: float
    class_probabilities: Mapping[str, float]
    audit_drawn: bool
    audit_probability: float
    model_digest: str
    recorded_at: str
    revision: int
    second_look: bool = False
    image_hash: str = ""
    unlisted_classes: frozenset[str] = frozenset()
    embedding: str = ""

    @property
    def classes(self) -> list[str]:
        """The classes of the model, in the order of their names."""
        return sorted({*self.class_probabilities, *self.unlisted_classes})

    def highest_probability_of(self, label: str) -> float:
        """Return the probability of a class, or the most that a class can have that is not listed.

        Such a class is no more probable than any listed one, and than what all of them leave.
        """
        listed = self.class_probabilities
        rest = max(0.0, 1 - sum(listed.values()))
        return listed.get(label, min([rest, *listed.values()]))

    @property
    def machine(self) -> MachineDecision:
        """What the machine decided."""
        return MachineDecision(
            outcome=self.outcome,
            classification=self.classification,
            confidence=self.confidence_score,
            audit_drawn=self.audit_drawn,
            audit_probability=self.audit_probability,
        )

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "WaitingImage":
        """Read the record of an image."""
        probabilities = item["class_probabilities"]["M"]
        audit = item["audit"]["M"]
        return cls(
            key=ImageKey(item["image_url"]["S"], item["version"]["S"]),
            reason=Reason(item.get("waits_for", {"S": Reason.REVIEW})["S"]),
            outcome=item["outcome"]["S"],
            classification=item["classification"]["S"],
            confidence_score=float(item["confidence_score"]["N"]),
            class_probabilities={name: float(p["N"]) for name, p in probabilities.items()},
            audit_drawn=audit["drawn"]["BOOL"],
            audit_probability=float(audit["probability"]["N"]),
            model_digest=item["model_digest"]["S"],
            recorded_at=item["recorded_at"]["S"],
            revision=int(item.get("review_revision", {"N": "0"})["N"]),
            second_look="second_look" in item,
            image_hash=item["image_hash"]["S"] if "image_hash" in item else "",
            embedding=item["embedding"]["S"] if "embedding" in item else "",
        )


def next_reason(image: WaitingImage, answers: Sequence[Answer]) -> Reason | None:
    """Return why an image waits after these answers, or None if its review is complete.

    One answer is enough, except for audits, which calibrate and test the gate, for answers that ask
    another reviewer, and for labels that somebody doubts: two reviewers must agree.
    Where they differ, a third decides (docs/decisions.md, "Two opinions for audits").
    """
    if not answers:
        return Reason.AUDIT if image.audit_drawn else Reason.REVIEW
    asked = any(answer.asks_another for answer in answers)
    if not (image.audit_drawn or image.second_look or asked):
        return None

    agree = len({answer.decision for answer in answers}) < len(answers)
    return None if agree or len(answers) > 2 else Reason.SECOND_OPINION


def deciding_answer(answers: Sequence[Answer]) -> Answer:
    """Return the answer that stands: one that two reviewers gave, else the last.

    Args:
        answers: At least one, in the order in which they were given.
    """
    decisions = [answer.decision for answer in answers]
    agreed = next((answer for answer in answers if decisions.count(answer.decision) > 1), None)
    return agreed or answers[-1]
