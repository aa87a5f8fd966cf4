"""Choose the thresholds of a model card from the answers to the calibration images."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.dataset.answer import Answer
from training.project.errors import TrainingError
from training.statistics.acceptance import DEFAULT_THRESHOLD, Acceptance
from training.statistics.calibration import as_served
from training.statistics.label_conflict import LabelConflict, label_conflict
from training.statistics.metrics import at_threshold
from training.statistics.precision_guarantee import Candidates, PrecisionGuarantee
from training.statistics.refusal import refusal_table, refuse

type Floats = NDArray[np.floating]
type Labels = NDArray[np.int64]

LISTED = 5  # images in a message


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
    `names` are the sources of the images, or their keys in S3.
    """

    probabilities: Floats
    labels: Labels
    class_names: Sequence[str]
    other_class: str | None
    labelled: int
    names: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        answers: Sequence[Answer],
        card: Mapping[str, Any],
        labelled: int,
        sources: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """Read the endpoint's answers as the service does with the model card.

        `sources` has the source of an image by its split and path.
        """
        probabilities = np.array([answer.probabilities for answer in answers]).reshape(
            -1, len(card["labels"])
        )
        labels = np.array([answer.label for answer in answers], dtype=np.int64)
        served = as_served(probabilities, card["temperature"]) if len(answers) else probabilities
        images = [answer.image for answer in answers]
        names = [sources.get(image.path, image.key) for image in images]
        return cls(served, labels, card["labels"], card.get("other_class"), labelled, names)

    @property
    def real_classes(self) -> list[str]:
        """Return the classes that can be accepted."""
        return [name for name in self.class_names if name != self.other_class]

    def candidates(self, *class_names: str) -> Candidates:
        """Return the candidate thresholds for the images predicted as one of these classes."""
        which = self._predicted(class_names)
        return Candidates.of(self._confidences[which], self._right[which])

    def conflict(self, guarantee: PrecisionGuarantee, *class_names: str) -> LabelConflict | None:
        """Return how the labels of the images predicted as these classes contradict the model."""
        which = self._predicted(class_names)
        confidences, right = self._confidences[which], self._right[which]
        candidates = Candidates.of(confidences, right)
        found = label_conflict(confidences, right, candidates, guarantee)
        return replace(found, differing=tuple(which[list(found.differing)])) if found else None

    def described(self, place: int) -> str:
        """Describe an image with its label and its prediction."""
        name = self.names[place] if self.names else f"image {place}"
        label = self.class_names[self.labels[place]]
        prediction = self.class_names[self.probabilities[place].argmax()]
        return f"{name}: labelled {label}, predicted {prediction} ({self._confidences[place]:.3f})"

    @property
    def _confidences(self) -> Floats:
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def _right(self) -> NDArray[np.bool_]:
        return np.asarray(self.probabilities.argmax(axis=1) == self.labels)

    def _predicted(self, class_names: Sequence[str]) -> Labels:
        """Return the places of the images predicted as one of these classes."""
        wanted = [self.class_names.index(name) for name in class_names]
        return np.flatnonzero(np.isin(self.probabilities.argmax(axis=1), wanted))

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
        name: refuse(one, shared, sample.conflict(shared, name))
        for name, one in candidates.items()
        if choices[name] is None
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


def _refusal(sample: Sample, candidates: Candidates, guarantee: PrecisionGuarantee) -> str:
    """Explain why one threshold for all classes has no guarantee, and what helps."""
    images = len(sample.labels)
    target = (
        f"{images:,} calibration images do not guarantee a precision of {guarantee.precision:g} "
        f"at a confidence level of {guarantee.confidence:.4g}"
    )
    if not images:
        return f"{target}. `scones stage` makes them from the labelled images: label more images."
    if not candidates.accepted.size:
        return f"{target}: none is predicted as a real class. Label more images."

    advice = _advice(sample, candidates, guarantee)
    conflict = sample.conflict(guarantee, *sample.real_classes)
    if conflict is None:
        return f"{target}: {advice}"
    return f"{target}: {_second_look(sample, conflict)}\nIf these labels are right, {advice}"


def _advice(sample: Sample, candidates: Candidates, guarantee: PrecisionGuarantee) -> str:
    """Return the rest of a sentence: what the guarantee lacks if all labels are right."""
    refusal = refuse(candidates, guarantee)
    images = len(sample.labels)
    if refusal.needs is not None:
        more = max(1, round(images * (refusal.needs / refusal.has - 1)))
        labelled = round(more * sample.labelled / images)
        return (
            f"about {more:,} more images like them suffice. Stage about {labelled:,} more "
            "labelled images with the present --split, or lower --precision."
        )
    if candidates.excludes(guarantee):
        return (
            "at every threshold too many predictions are wrong, and more images do not help. "
            "Train a better model, or lower --precision."
        )
    return (
        "too few predictions are right, and there are too few images to exclude the target. "
        "Label more images, or lower --precision."
    )


def _second_look(sample: Sample, conflict: LabelConflict) -> str:
    """Explain a conflict of labels, and list its most confident images."""
    differing = conflict.differing
    listed = "\n".join(f"  {sample.described(place)}" for place in differing[:LISTED])
    return (
        f"labels contradict each other. {len(differing):,} of the {conflict.images:,} most "
        f"confident images have another label than the prediction, and the confidence foresees "
        f"{conflict.foreseen:.1f}. Look at them, the most confident first:\n{listed}\n"
        "Correct wrong labels in the source, and stage again. Where one reviewer gave a label, "
        f"`scones review --second-look {len(differing)}` asks another one."
    )
