"""From the answers to the calibration images to the members of a model card: thresholds, and what they guarantee."""

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
from training.statistics.precision_guarantee import Candidates, Choice, PrecisionGuarantee

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]


class NoThresholdError(TrainingError):
    """No threshold can promise that precision from these calibration images; the model card stays without."""


@dataclass(frozen=True)
class Chosen:
    """Members of a model card; and of each class what its own threshold does, or why it has none.

    The latter are not for the card: of a hundred classes they would be more than it can hold.
    """

    members: dict[str, Any]
    classes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """Calibrated class probabilities (images, classes) and class indices (images,) of the calibration images.

    `labelled` is the number of images of the whole dataset, of which they are a part.
    """

    probabilities: Floats
    labels: Labels
    class_names: Sequence[str]
    other_class: str | None
    labelled: int

    @classmethod
    def of(cls, answers: Sequence[Answer], card: Mapping[str, Any], labelled: int) -> Self:
        """What the endpoint answered, as the service reads it with the model card."""
        probabilities = np.array([answer.probabilities for answer in answers]).reshape(
            -1, len(card["labels"])
        )
        labels = np.array([answer.label for answer in answers], dtype=np.int64)
        served = as_served(probabilities, card["temperature"]) if len(answers) else probabilities
        return cls(served, labels, card["labels"], card.get("other_class"), labelled)

    @property
    def real_classes(self) -> list[str]:
        """The classes that can be accepted."""
        return [name for name in self.class_names if name != self.other_class]

    def candidates(self, *class_names: str) -> Candidates:
        """The thresholds for the images that are predicted as one of these classes."""
        wanted = [self.class_names.index(name) for name in class_names]
        predictions = self.probabilities.argmax(axis=1)
        which = np.isin(predictions, wanted)
        return Candidates.of(
            self.probabilities.max(axis=1)[which], (predictions == self.labels)[which]
        )

    def told(self, guarantee: PrecisionGuarantee, card: Mapping[str, Any]) -> dict[str, Any]:
        """Members of a model card: thresholds, the guarantee, and what they and the guess do to these images."""
        own: dict[str, Any] = {"labels": self.class_names, "other_class": self.other_class}
        guess = Acceptance.of_card(own | {"recommended_threshold": DEFAULT_THRESHOLD})
        return dict(card) | {
            "promise": {
                "precision": guarantee.precision,
                "confidence": guarantee.confidence,
                "images": len(self.labels),
                "at_threshold": at_threshold(
                    self.probabilities, self.labels, Acceptance.of_card({**own, **card})
                ),
                "at_guess": at_threshold(self.probabilities, self.labels, guess),
            }
        }


def common_threshold(sample: Sample, guarantee: PrecisionGuarantee) -> Chosen:
    """One threshold for all classes.

    Raises:
        NoThresholdError: none passes; it says how many more images would be needed.
    """
    candidates = sample.candidates(*sample.real_classes)
    choice = candidates.choose(guarantee)
    if choice is None:
        raise NoThresholdError(_refusal(sample, candidates, guarantee))
    told = sample.told(
        guarantee, {"recommended_threshold": choice.threshold, "class_thresholds": None}
    )
    told["promise"] |= {"precision_bound": choice.precision_bound}
    return Chosen(told)


def thresholds_by_class(sample: Sample, guarantee: PrecisionGuarantee) -> Chosen:
    """A threshold for each class, the promises of all holding together; None for a class that none can be made for.

    Raises:
        NoThresholdError: there is none for any class.
    """
    shared = guarantee.shared(len(sample.real_classes))
    candidates = {name: sample.candidates(name) for name in sample.real_classes}
    choices: dict[str, Choice | None] = {
        name: one.choose(shared) for name, one in candidates.items()
    }
    found = [choice.threshold for choice in choices.values() if choice]
    refused = {
        name: _refusal(sample, one, shared) for name, one in candidates.items() if not choices[name]
    }
    if not found:
        raise NoThresholdError(" ".join(f"{name}: {why}" for name, why in refused.items()))
    own = {name: choice.threshold if choice else None for name, choice in choices.items()}
    told = sample.told(guarantee, {"recommended_threshold": max(found), "class_thresholds": own})
    return Chosen(
        told,
        {name: asdict(choice) if choice else refused[name] for name, choice in choices.items()},
    )


def _refusal(sample: Sample, candidates: Candidates, guarantee: PrecisionGuarantee) -> str:
    """Why a promise cannot be made, and what would help."""
    images = len(sample.labels)
    wish = f"a precision of {guarantee.precision:g} cannot be promised with a confidence of {guarantee.confidence:.4g}"
    if not len(candidates.thresholds):
        which = (
            "none of which is predicted so"
            if images
            else "which `stage` makes of a part of the labelled images"
        )
        return f"With {images:,} calibration images, {which}, {wish}. Label more images."
    if candidates.excludes(guarantee):
        return (
            f"With {images:,} calibration images {wish}: at no confidence are that many of the predictions right. More "
            "images will not help; a better model will, or a lower precision."
        )
    factor = candidates.growth_needed(guarantee)
    if factor is None:
        return (
            f"With {images:,} calibration images {wish}: too few of them are right, and too few are known to say that "
            "more images would not help. Label more, or ask for a lower precision."
        )
    more = max(1, round(images * (factor - 1)))
    return (
        f"With {images:,} calibration images {wish}. Were the others like them, about {more:,} more of them would be "
        f"enough: {round(more * sample.labelled / images):,} labelled images, if as many of them calibrate as now. Or "
        "ask for a lower precision."
    )
