"""Compare the decisions of two successive models about the same test images."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from training.dataset.answer import Answer
from training.statistics.acceptance import Acceptance
from training.statistics.agreement import Agreement, agreement
from training.statistics.calibration import as_served
from training.statistics.metrics import share
from training.statistics.paired_accuracy import Comparison


@dataclass(frozen=True)
class Decision:
    """The decision of a model about an image: its prediction, and whether it is accepted."""

    prediction: str
    accepted: bool

    @property
    def outcome(self) -> str | None:
        """Return the class that the service accepts, None for review."""
        return self.prediction if self.accepted else None


type Decisions = Mapping[str, Decision]  # by the digest of the image


def decide(answers: Sequence[Answer], card: Mapping[str, Any]) -> dict[str, Decision]:
    """Return the decisions of the service with a model card, by the digest of the image."""
    if not answers:
        return {}
    names = card["labels"]
    probabilities = np.array([answer.probabilities for answer in answers])
    calibrated = as_served(probabilities, card["temperature"])
    accepted = Acceptance.of_card(card).accepted(calibrated)
    return {
        answer.image.digest: Decision(names[answer.prediction], bool(one))
        for answer, one in zip(answers, accepted, strict=True)
    }


@dataclass(frozen=True)
class PairedShare:
    """A share of the same images for the model before and after; interval at 95 %."""

    n: int
    before: float
    after: float
    difference: float
    interval: tuple[float, float]

    @classmethod
    def of(cls, pairs: Sequence[tuple[bool, bool]]) -> "PairedShare | None":
        """Return the shares of images that hold before and after, None without images."""
        if not pairs:
            return None
        before, after = zip(*pairs, strict=True)
        comparison = Comparison.of(after, before)
        n = len(pairs)
        return cls(n, sum(before) / n, sum(after) / n, comparison.difference, comparison.interval)


@dataclass(frozen=True)
class ModelChange:
    """The difference of two models on the same test images.

    Args:
        accuracy: Share of right predictions.
        coverage: Share of accepted images among those of real classes, None without these.
        precision: Share of right predictions among the images that each model accepts, before and
            after. These are not the same images.
        classes: For each class its images, and before and after its recall and coverage.
        changed: Share of images that the service decides in another way.
        agreement: Agreement of the predictions.
    """

    accuracy: PairedShare
    coverage: PairedShare | None
    precision: tuple[float | None, float | None]
    classes: Mapping[str, Mapping[str, Any]]
    changed: float
    agreement: Agreement

    def as_data(self) -> dict[str, Any]:
        """Return the change for metrics.json and --json."""
        return asdict(self)


def compare(
    before: Decisions, after: Decisions, labels: Mapping[str, str], other_class: str | None
) -> ModelChange | None:
    """Compare the decisions about the images that both models have decided, None without any.

    Args:
        before: Decisions of the earlier model.
        after: Decisions of the later model.
        labels: The class of each image by its digest.
        other_class: The class of negative examples, which are not a part of the coverage.
    """
    images = sorted(before.keys() & after.keys() & labels.keys())
    pairs = [(labels[image], before[image], after[image]) for image in images]
    accuracy = PairedShare.of([_both_right(*pair) for pair in pairs])
    if accuracy is None:
        return None
    real = [pair for pair in pairs if pair[0] != other_class]
    return ModelChange(
        accuracy=accuracy,
        coverage=PairedShare.of([(one.accepted, other.accepted) for _, one, other in real]),
        precision=(
            _precision([(label, one) for label, one, _ in pairs]),
            _precision([(label, other) for label, _, other in pairs]),
        ),
        classes={
            name: _class_change([pair for pair in pairs if pair[0] == name])
            for name in sorted({*labels.values()})
        },
        changed=sum(one.outcome != other.outcome for _, one, other in pairs) / len(pairs),
        agreement=agreement([(one.prediction, other.prediction) for _, one, other in pairs]),
    )


def _both_right(label: str, before: Decision, after: Decision) -> tuple[bool, bool]:
    return before.prediction == label, after.prediction == label


def _precision(labelled: Sequence[tuple[str, Decision]]) -> float | None:
    accepted = [decision.prediction == label for label, decision in labelled if decision.accepted]
    return share(sum(accepted), len(accepted))


def _class_change(pairs: Sequence[tuple[str, Decision, Decision]]) -> dict[str, Any]:
    recall = PairedShare.of([_both_right(*pair) for pair in pairs])
    coverage = PairedShare.of([(one.accepted, other.accepted) for _, one, other in pairs])
    return {
        "images": len(pairs),
        "recall": [recall.before, recall.after] if recall else [None, None],
        "coverage": [coverage.before, coverage.after] if coverage else [None, None],
    }
