"""Run rounds of the review loop on features of CIFAR-10 photos, for `benchmarks.review_loop`.

In a round the present model classifies new photos. A known share of all photos is drawn for audits,
and reviewers label them and the most uncertain of the others. Uncertain photos train the next
model, audits calibrate it. The rules are the product's own functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from threading import Event

import numpy as np
from numpy.typing import NDArray

from algorithm import hyperparameters
from algorithm.epochs import Channel, Epochs
from algorithm.head import Head
from benchmarks import cifar10
from benchmarks.features import Floats, Labels, Photos
from cli.outcomes import REVIEW
from examples.demo_loop.reviewers import SimulatedReviewer, answers_to
from functions.filter_inferences.audit import draw
from review.images import Answer, ImageKey, Reason, WaitingImage, deciding_answer
from review.order.selection import margins, uncertain_images
from training.dataset.dataset import CALIBRATION, SPLITS, TRAIN, VALIDATION
from training.dataset.reviews import CLASS, Review, Rules
from training.jobs.hyperparameters import DEFAULTS, read
from training.statistics.acceptance import DEFAULT_THRESHOLD
from training.statistics.calibration import as_served, fit_temperature
from training.statistics.label_conflict import LabelConflict, label_conflict
from training.statistics.precision_guarantee import Candidates, Choice, PrecisionGuarantee

type Indices = NDArray[np.int64]

START = 1_000  # photos that the user has labelled before the first model
SHARES = dict(zip(SPLITS, map(Fraction, ("0.7", "0.1", "0.1", "0.1")), strict=True))
ARRIVALS = 4_000  # photos in a round
ROUNDS = 3
AUDIT_SHARE = 0.2
UNCERTAIN = 300  # photos labelled in a round because the model is unsure of them
ERROR = 0.046  # of a reviewer's answers; measured with people on CIFAR-10 (Peterson et al., 2019)
REVIEWERS = 3
GUARANTEE = PrecisionGuarantee(precision=0.95, confidence=0.95)
VERSION = "1"


@dataclass(frozen=True)
class Gate:
    """A model with the temperature and the threshold that the service reads from its card."""

    head: Head
    temperature: float = 1.0
    threshold: float = DEFAULT_THRESHOLD

    def probabilities(self, features: Floats) -> Floats:
        """Return calibrated class probabilities (photos, classes)."""
        return as_served(self.head.probabilities(features), self.temperature)

    def accepted(self, probabilities: Floats) -> NDArray[np.bool_]:
        """Return which photos pass the threshold."""
        return np.asarray(probabilities.max(axis=1) >= self.threshold)


@dataclass(frozen=True)
class Calibration:
    """A choice of the threshold on labelled photos: the gate, or why there is no threshold."""

    gate: Gate
    choice: Choice | None
    conflict: LabelConflict | None


@dataclass(frozen=True)
class Measured:
    """A gate on photos with true labels; without a threshold, coverage and precision are None."""

    accuracy: float
    coverage: float | None
    precision: float | None
    conflict: bool = False

    @property
    def has_threshold(self) -> bool:
        """Return whether the guarantee has a threshold."""
        return self.precision is not None

    @property
    def is_kept(self) -> bool:
        """Return whether the threshold keeps the guarantee."""
        return self.precision is not None and self.precision >= GUARANTEE.precision


def trained(train: Photos, validation: Photos) -> Head:
    """Train the algorithm's head with the training tool's hyperparameters."""
    texts = {
        **read(DEFAULTS),
        "num_classes": str(len(cifar10.CLASSES)),
        "num_training_samples": str(len(train)),
    }
    channel, held = (Channel(one.features, one.labels) for one in (train, validation))
    return Epochs(channel, held, hyperparameters.parse(texts)).run(Event()).head


def calibrated(head: Head, photos: Photos) -> Calibration:
    """Fit temperature and threshold as `scones threshold` does."""
    answered = head.probabilities(photos.features)
    temperature = fit_temperature(answered, photos.labels)
    served = as_served(answered, temperature)
    confidences, right = served.max(axis=1), served.argmax(axis=1) == photos.labels
    candidates = Candidates.of(confidences, right)
    choice = candidates.choose(GUARANTEE)
    if choice is None:
        conflict = label_conflict(confidences, right, candidates, GUARANTEE)
        return Calibration(Gate(head, temperature), None, conflict)
    return Calibration(Gate(head, temperature, choice.threshold), choice, None)


def measured(found: Calibration, photos: Photos) -> Measured:
    """Measure a gate on photos with true labels."""
    probabilities = found.gate.probabilities(photos.features)
    right = probabilities.argmax(axis=1) == photos.labels
    accuracy = float(right.mean())
    if found.choice is None:
        return Measured(accuracy, None, None, found.conflict is not None)
    accepted = found.gate.accepted(probabilities)
    return Measured(accuracy, float(accepted.mean()), float(right[accepted].mean()))


def reviewers_of(seed: int, error: float) -> list[SimulatedReviewer]:
    """Return as many reviewers as an audit can need."""
    return [
        SimulatedReviewer(f"reviewer-{number}", error, np.random.default_rng([seed, number]))
        for number in range(REVIEWERS)
    ]


def reviewed(
    classes: Labels, probabilities: Floats, drawn: bool, reviewers: Sequence[SimulatedReviewer]
) -> list[list[Answer]]:
    """Return the answers to photos of these true classes."""
    reason = Reason.AUDIT if drawn else Reason.REVIEW
    return [
        answers_to(_waiting(place, row, reason), cifar10.CLASSES[truth], reviewers, "")
        for place, (truth, row) in enumerate(zip(classes, probabilities, strict=True))
    ]


def standing(answers: Sequence[Sequence[Answer]]) -> Labels:
    """Return the label of each photo that its answers decide."""
    names = [str(deciding_answer(one).label) for one in answers]
    return np.array([cifar10.CLASSES.index(name) for name in names], dtype=np.int64)


def _waiting(place: int, probabilities: Floats, reason: Reason) -> WaitingImage:
    score = float(probabilities.max())
    return WaitingImage(
        key=_key(place),
        reason=reason,
        outcome=REVIEW,
        classification=cifar10.CLASSES[int(probabilities.argmax())],
        confidence_score=score,
        class_probabilities=dict.fromkeys(cifar10.CLASSES, 0.1),
        audit_drawn=reason == Reason.AUDIT,
        audit_probability=AUDIT_SHARE,
        model_digest="",
        recorded_at="",
        revision=0,
    )


def _key(place: int) -> ImageKey:
    return ImageKey(f"s3://photos/{place}.png", VERSION)


@dataclass
class Loop:
    """The photos that rounds of the loop use, each once, and the labels so far.

    Args:
        photos: All photos with their true labels, which only reviewers and figures see.
        points: The photos in the cluster space of `review.order.selection`.
        seed: Draws the photos of each part, the audits, and the errors of the reviewers.
        naive: Calibrate with reviewed photos and the model's own answers instead of audits.
    """

    photos: Photos
    points: Floats
    seed: int
    naive: bool = False
    labels: dict[str, dict[int, int]] = field(default_factory=dict)  # of photos by split

    def __post_init__(self) -> None:
        """Draw the photos of all parts, and label those of the start."""
        order = np.random.default_rng(self.seed).permutation(len(self.photos))
        cuts = [START + number * ARRIVALS for number in range(ROUNDS + 1)]
        start, *self.arrivals, self.held_out = np.split(order, cuts)
        ends = np.cumsum([int(START * share) for share in SHARES.values()])[:-1]
        for split, part in zip(SHARES, np.split(start, ends), strict=True):
            self.labels[split] = {int(place): int(self.photos.labels[place]) for place in part}
        self.reviewers = reviewers_of(self.seed, ERROR)

    def run(self) -> list[Measured]:
        """Return the figures after each round."""
        found = self._calibrated()
        rounds = []
        for arrived in self.arrivals:
            self._review(arrived, found.gate)
            found = self._calibrated()
            rounds.append(measured(found, self.photos.of(self.held_out)))
        return rounds

    def _calibrated(self) -> Calibration:
        head = trained(self._split(TRAIN), self._split(VALIDATION))
        return calibrated(head, self._split(CALIBRATION))

    def _split(self, split: str) -> Photos:
        labels = self.labels[split]
        places = np.array([*labels], dtype=np.int64)
        return Photos(self.photos.features[places], np.array([*labels.values()], dtype=np.int64))

    def _review(self, arrived: Indices, gate: Gate) -> None:
        """Let reviewers label audits and the most uncertain photos; add their labels."""
        probabilities = gate.probabilities(self.photos.features[arrived])
        accepted = gate.accepted(probabilities)
        drawn = np.array([self._is_drawn(int(place)) for place in arrived])
        uncertain = np.array(
            uncertain_images(
                self.points[arrived],
                margins(probabilities),
                np.flatnonzero(~accepted & ~drawn).tolist(),
                UNCERTAIN,
                self.seed,
            ),
            dtype=np.int64,
        )
        self._label(arrived, uncertain, probabilities, TRAIN, is_audit=False)
        if self.naive:
            self.labels[CALIBRATION] |= {
                place: self.labels[TRAIN][place] for place in map(int, arrived[uncertain])
            }
            own = zip(arrived[accepted], probabilities[accepted].argmax(axis=1), strict=True)
            self.labels[CALIBRATION] |= {int(place): int(label) for place, label in own}
        else:
            calibrates = np.array([self._split_of(int(place)) == CALIBRATION for place in arrived])
            which = np.flatnonzero(drawn & calibrates)
            self._label(arrived, which, probabilities, CALIBRATION, is_audit=True)

    def _split_of(self, place: int) -> str:
        """Return the split that `stage --with-reviews` gives an audit."""
        key = _key(place)
        review = Review(key.image_url, key.version, CLASS, None, "", True, AUDIT_SHARE)
        return Rules(cifar10.CLASSES, None, SHARES, self.seed).split_of(review)

    def _is_drawn(self, place: int) -> bool:
        key = _key(place)
        request = {"image_url": key.image_url, "version": key.version}
        return draw(request, str(AUDIT_SHARE), f"salt-{self.seed}").drawn

    def _label(
        self, arrived: Indices, which: Indices, probabilities: Floats, split: str, *, is_audit: bool
    ) -> None:
        places = arrived[which]
        answers = reviewed(
            self.photos.labels[places], probabilities[which], is_audit, self.reviewers
        )
        labels = standing(answers)
        self.labels[split] |= {
            int(place): int(label) for place, label in zip(places, labels, strict=True)
        }
