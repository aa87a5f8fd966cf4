"""Choose the thresholds of a model card from the answers to the calibration images."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.dataset.answer import Answer
from training.project.errors import TrainingError
from training.statistics.acceptance import DEFAULT_THRESHOLD, Acceptance
from training.statistics.calibration import as_served
from training.statistics.metrics import at_threshold
from training.statistics.precision_guarantee import Candidates, PrecisionGuarantee

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]


class NoThresholdError(TrainingError):
    """The model card stays unchanged: no threshold reaches the target precision."""


@dataclass(frozen=True)
class Chosen:
    """Members of a model card, and for each class the effect of its threshold or the refusal.

    The latter are not part of the card: a hundred classes would exceed its size.
    """

    members: dict[str, Any]
    classes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """Calibrated probabilities (images, classes) and class indices (images,) of calibration images.

    `labelled` is the number of images of the whole dataset, which includes the calibration images.
    """

    probabilities: Floats
    labels: Labels
    class_names: Sequence[str]
    other_class: str | None
    labelled: int

    @classmethod
    def of(cls, answers: Sequence[Answer], card: Mapping[str, Any], labelled: int) -> Self:
        """Read the endpoint's answers as the service does with the model card."""
        probabilities = np.array([answer.probabilities for answer in answers]).reshape(
            -1, len(card["labels"])
        )
        labels = np.array([answer.label for answer in answers], dtype=np.int64)
        served = as_served(probabilities, card["temperature"]) if len(answers) else probabilities
        return cls(served, labels, card["labels"], card.get("other_class"), labelled)

    @property
    def real_classes(self) -> list[str]:
        """Return the classes that can be accepted."""
        return [name for name in self.class_names if name != self.other_class]

    def candidates(self, *class_names: str) -> Candidates:
        """Return the candidate thresholds for the images predicted as one of these classes."""
        wanted = [self.class_names.index(name) for name in class_names]
        predictions = self.probabilities.argmax(axis=1)
        which = np.isin(predictions, wanted)
        return Candidates.of(
            self.probabilities.max(axis=1)[which], (predictions == self.labels)[which]
        )

    def card_members(
        self, guarantee: PrecisionGuarantee, thresholds: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return members of a model card: thresholds, guarantee, and their effect on the images.

        The effect of the default threshold is included for comparison.
        """
        classes: dict[str, Any] = {"labels": self.class_names, "other_class": self.other_class}
        chosen = Acceptance.of_card({**classes, **thresholds})
        default = Acceptance.of_card(classes | {"recommended_threshold": DEFAULT_THRESHOLD})
        return dict(thresholds) | {
            "precision_guarantee": {
                "precision": guarantee.precision,
                "confidence": guarantee.confidence,
                "images": len(self.labels),
                "at_threshold": at_threshold(self.probabilities, self.labels, chosen),
                "at_default_threshold": at_threshold(self.probabilities, self.labels, default),
            }
        }


def common_threshold(sample: Sample, guarantee: PrecisionGuarantee) -> Chosen:
    """Choose one threshold for all classes.

    Raises:
        NoThresholdError: No threshold passes; the message estimates how many images are missing.
    """
    candidates = sample.candidates(*sample.real_classes)
    choice = candidates.choose(guarantee)
    if choice is None:
        raise NoThresholdError(_refusal(sample, candidates, guarantee))

    thresholds = {"recommended_threshold": choice.threshold, "class_thresholds": None}
    members = sample.card_members(guarantee, thresholds)
    members["precision_guarantee"] |= {"precision_bound": choice.precision_bound}
    return Chosen(members)


def thresholds_by_class(sample: Sample, guarantee: PrecisionGuarantee) -> Chosen:
    """Choose a threshold for each class, with guarantees that hold together.

    A class without a guarantee gets the threshold None: its predictions are never accepted.

    Raises:
        NoThresholdError: No class has a guarantee.
    """
    shared = guarantee.shared(len(sample.real_classes))
    candidates = {name: sample.candidates(name) for name in sample.real_classes}
    choices = {name: one.choose(shared) for name, one in candidates.items()}

    refusals = {
        name: refuse(one, shared) for name, one in candidates.items() if choices[name] is None
    }
    accepting = [choice.threshold for choice in choices.values() if choice]
    if not accepting:
        rows = {name: refusal.row for name, refusal in refusals.items()}
        raise NoThresholdError(
            f"No class reaches a precision of {guarantee.precision:g}, guaranteed for all classes "
            f"together at a confidence level of {guarantee.confidence:g}. Calibration images that "
            f"are predicted as each class:\n{refusal_table(rows)}"
        )

    own = {name: choice.threshold if choice else None for name, choice in choices.items()}
    members = sample.card_members(
        guarantee, {"recommended_threshold": max(accepting), "class_thresholds": own}
    )
    effects = {
        name: asdict(choice) if choice else refusals[name].row for name, choice in choices.items()
    }
    return Chosen(members, effects)


@dataclass(frozen=True)
class Refusal:
    """Predictions that a guarantee has and needs, and the advice to get it.

    `needs` is None if more images do not help, or if their number cannot be estimated.
    """

    has: int
    needs: int | None
    advice: str

    @property
    def row(self) -> dict[str, Any]:
        """Return the refusal for run.json and --json."""
        return {"threshold": None, **asdict(self)}


def refuse(candidates: Candidates, guarantee: PrecisionGuarantee) -> Refusal:
    """Explain why no candidate passes."""
    has = int(candidates.accepted[-1]) if len(candidates.accepted) else 0
    if not has:
        return Refusal(has, guarantee.fewest, "label more images")
    if candidates.excludes(guarantee):
        return Refusal(has, None, "train a better model, or lower --precision")

    growth = candidates.growth_needed(guarantee)
    if growth is None:
        return Refusal(has, None, "label more images, or lower --precision")
    return Refusal(has, max(has + 1, round(has * growth)), "label more images")


def refusal_table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Format refusals by class as a table with one class a line."""
    width = max(len("class"), *(len(name) for name in rows))
    lines = [f"{'class':{width}}  {'has':>7}  {'needs':>9}  what to do"]
    for name, row in rows.items():
        needs = "unknown" if row["needs"] is None else f"~{row['needs']:,}"
        lines.append(f"{name:{width}}  {row['has']:>7,}  {needs:>9}  {row['advice']}")
    return "\n".join(lines)


def _refusal(sample: Sample, candidates: Candidates, guarantee: PrecisionGuarantee) -> str:
    """Explain why one threshold for all classes has no guarantee, and what helps."""
    images = len(sample.labels)
    target = (
        f"{images:,} calibration images do not guarantee a precision of {guarantee.precision:g} "
        f"at a confidence level of {guarantee.confidence:.4g}"
    )
    refusal = refuse(candidates, guarantee)
    if not images:
        return f"{target}. `scones stage` makes them from the labelled images: label more images."
    if not refusal.has:
        return f"{target}: none is predicted as a real class. Label more images."
    if refusal.needs is not None:
        more = max(1, round(images * (refusal.needs / refusal.has - 1)))
        labelled = round(more * sample.labelled / images)
        return (
            f"{target}. About {more:,} more of them would, if they are alike: stage about "
            f"{labelled:,} more labelled images with the present --split. Or lower --precision."
        )
    if candidates.excludes(guarantee):
        return (
            f"{target}: at every threshold too many predictions are wrong. More images do not "
            "help. Train a better model, or lower --precision."
        )
    return (
        f"{target}: too few predictions are right, and there are too few images to exclude the "
        "target. Label more images, or lower --precision."
    )
