"""Decide which reviews become labelled images, and which splits may have them.

Images that the model was unsure of are a selected part of all images: they may train, and nothing
else. Audits are a random sample of all classified images, drawn with a known probability: they
calibrate and test, and never train.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from hashlib import sha256

from training.dataset.dataset import CALIBRATION, TEST, TRAIN
from training.dataset.selection import LeftOut
from training.dataset.source import ClassNameError, LabelledImage, Reason, class_name

# Verdicts of a reviewer, as the records of the service have them.
CLASS, NONE_OF_THESE, NOT_USABLE = "CLASS", "NONE_OF_THESE", "NOT_USABLE"

# Why a review is left out, beside the reasons of `selection`.
NO_CLASS, UNKNOWN_CLASS, UNUSABLE, THINNED, OLDER = (
    "none of the classes",
    "unknown class",
    "not usable",
    "audit of another share",
    "older audit",
)
_HASH_BYTES = 8
_FLOAT_BITS = 53  # a float holds no more, so that the largest number stays below 1

type Reader = Callable[[str, str], Callable[[], bytes]]


@dataclass(frozen=True)
class Review:
    """The complete review of an image version.

    Args:
        verdict: CLASS, NONE_OF_THESE or NOT_USABLE.
        label: The class that the reviewers gave, where the verdict is CLASS.
        reviewed_at: Time of the answer that stands, UTC, ISO 8601.
        drawn: Whether the image was drawn at random for an audit.
        probability: Probability of that draw, from 0 to 1.
        recorded_at: Time of the model's decision, UTC, ISO 8601.
        reviewer: Name of the reviewer whose answer stands, "" if it is not recorded.
    """

    image_url: str
    version: str
    verdict: str
    label: str | None
    reviewed_at: str
    drawn: bool
    probability: float
    recorded_at: str = ""
    reviewer: str = ""

    @property
    def path(self) -> str:
        """Return a path that names the version, not only the image."""
        return f"{self.image_url}?versionId={self.version}"

    @property
    def order(self) -> tuple[str, str]:
        """Return a sort key: a later review does not change the place of an earlier one."""
        return self.reviewed_at, self.path


@dataclass(frozen=True)
class RecordedReviews:
    """Complete reviews, the number of images that still wait for an answer, and incomplete records.

    Images of the last two groups have no label yet.
    """

    complete: Sequence[Review]
    waiting: int = 0
    left_out: Sequence[LeftOut] = ()


@dataclass(frozen=True)
class Rules:
    """The dataset that the reviews join.

    Args:
        classes: The classes of the dataset.
        other_class: The class of negative examples, None without one.
        shares: The share of each split.
        seed: The seed of the splits.
        audits_since: The day of the first audits, None for all audits.
    """

    classes: Collection[str]
    other_class: str | None
    shares: Mapping[str, Fraction]
    seed: int
    audits_since: date | None = None

    def is_older(self, review: Review) -> bool:
        """Return whether a review is an audit of before the day of the first audits."""
        since = self.audits_since
        return review.drawn and since is not None and review.recorded_at < since.isoformat()

    def label_of(self, review: Review) -> str | LeftOut:
        """Return the class of a review, or why it has none."""
        if self.is_older(review):
            return LeftOut(review.path, OLDER, f"recorded before {self.audits_since}")
        if review.verdict == NOT_USABLE:
            return LeftOut(review.path, UNUSABLE, "the reviewer found it not usable")
        if review.verdict == NONE_OF_THESE:
            return self.other_class or LeftOut(
                review.path, NO_CLASS, "the dataset has no negative examples (--other)"
            )
        try:
            label = class_name(review.label or "")
        except ClassNameError:
            label = ""
        if label not in self.classes:
            return LeftOut(
                review.path,
                UNKNOWN_CLASS,
                f"labelled {review.label}, which is not a class of the dataset",
            )
        return label

    def split_of(self, review: Review) -> str:
        """Return the split of a review. It depends on the image version and the seed alone."""
        if not review.drawn:
            return TRAIN
        calibration = self.shares[CALIBRATION] / (self.shares[CALIBRATION] + self.shares[TEST])
        return CALIBRATION if _uniform(self.seed, "split", review.path) < calibration else TEST


@dataclass(frozen=True)
class ChosenReviews:
    """Reviews as labelled images in the order of their answers, and the reviews left out.

    Args:
        probability: Probability of every audit among the images, None without audits.
        waiting: Number of images that still wait for an answer.
        audits_of_no_class: Number of audits that show none of the classes and are left out.
        answers: The review of each image, by the image's path.
    """

    images: Sequence[LabelledImage]
    left_out: Sequence[LeftOut]
    probability: float | None
    waiting: int
    audits_of_no_class: int
    answers: Mapping[str, Review] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Reason, int]:
        """Return the number of images by reason."""
        return dict(Counter(image.reason for image in self.images))


def choose_reviews(recorded: RecordedReviews, rules: Rules, reader: Reader) -> ChosenReviews:
    """Choose the reviews that become labelled images.

    All audits that stay have one probability, as the bound of Clopper and Pearson needs: those that
    were drawn with a larger one are thinned to it, those with a smaller one are left out.

    Args:
        recorded: The reviews in any order.
        rules: The dataset that they join.
        reader: Returns the function that reads an image version, given its URL and its version.
    """
    reviews = sorted(recorded.complete, key=lambda one: one.order)
    probability = _common_probability(
        [one.probability for one in reviews if one.drawn and not rules.is_older(one)]
    )
    images = []
    left_out = list(recorded.left_out)
    of_no_class = 0

    for review in reviews:
        label = rules.label_of(review)
        if isinstance(label, LeftOut):
            left_out.append(label)
            of_no_class += review.drawn and label.reason == NO_CLASS
        elif probability and review.drawn and _is_thinned(review, probability, rules.seed):
            why = f"drawn with probability {review.probability:g}, most with {probability:g}"
            left_out.append(LeftOut(review.path, THINNED, why))
        else:
            reason = Reason.AUDIT if review.drawn else Reason.REVIEW
            read = reader(review.image_url, review.version)
            split = rules.split_of(review)
            images.append(LabelledImage(review.path, label, read, split, reason))
    answers = {review.path: review for review in reviews}
    return ChosenReviews(images, left_out, probability, recorded.waiting, of_no_class, answers)


def _common_probability(drawn: Sequence[float]) -> float | None:
    """Return the probability that keeps most audits, None without audits.

    It depends on the probabilities alone, not on any label. Audits with a smaller one are of a time
    in which fewer images were drawn.
    """
    kept = {
        probability: sum(probability / one for one in drawn if one >= probability)
        for probability in sorted({*drawn})
    }
    return max(kept, key=lambda probability: kept[probability], default=None)


def _is_thinned(review: Review, probability: float, seed: int) -> bool:
    """Return whether an audit is left out, so that it stays with `probability` altogether.

    A smaller probability leaves a part of the audits of a larger one.
    """
    if review.probability < probability:
        return True
    return _uniform(seed, "thin", review.path) >= probability / review.probability


def _uniform(seed: int, purpose: str, path: str) -> float:
    """Return a number from 0 to below 1. Those of different texts are uniformly distributed."""
    digest = sha256(f"{seed}\n{purpose}\n{path}".encode("utf-8", "surrogatepass")).digest()
    number = int.from_bytes(digest[:_HASH_BYTES]) >> (8 * _HASH_BYTES - _FLOAT_BITS)
    return number / float(1 << _FLOAT_BITS)
