"""Compute the overview's figures from the reviewed images, without any request.

Audits are a random sample of all classified images. The images for review are a selected sample, on
which the model is unsure. No figure mixes both.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from review.overview.reviewed import ReviewedImage
from training.statistics.betting_bound import State, Watch, more_needed, watch
from training.statistics.metrics import wilson_interval

# Narrow where most confidences are.
EDGES = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
MOST_CLASSES = 25  # with a table of all of them; of more classes the most frequent disagreements


@dataclass(frozen=True)
class Bin:
    """The images of a range of confidence: how many of their predictions are right.

    Args:
        low: The least confidence, inclusive.
        high: The largest confidence, exclusive but for 1.
        confidence: The mean confidence.
        interval: Wilson's 95 % interval of the share of right predictions.
    """

    low: float
    high: float
    confidence: float
    right: int
    n: int
    interval: tuple[float, float]

    @property
    def share(self) -> float:
        """The share of right predictions."""
        return self.right / self.n


@dataclass(frozen=True)
class Confusion:
    """Counts of reviewers' answers (rows) by predicted class (columns)."""

    answers: Sequence[str]
    predictions: Sequence[str]
    counts: Sequence[Sequence[int]]

    @property
    def most(self) -> int:
        """The largest count."""
        return max((count for row in self.counts for count in row), default=0)

    @property
    def is_small(self) -> bool:
        """Whether a table of all classes can be read."""
        return max(len(self.answers), len(self.predictions)) <= MOST_CLASSES

    @property
    def disagreements(self) -> list[tuple[str, str, int]]:
        """The most frequent answers that are not the prediction: answer, prediction, count."""
        cells = [
            (answer, predicted, count)
            for answer, row in zip(self.answers, self.counts, strict=True)
            for predicted, count in zip(self.predictions, row, strict=True)
            if count and answer != predicted
        ]
        return sorted(cells, key=lambda cell: (-cell[2], cell))[:MOST_CLASSES]


@dataclass(frozen=True)
class AuditedPrecision:
    """The precision of accepted images, watched by audits.

    Args:
        right: Right ones among the settled audits.
        n: Settled audits of accepted images.
        waiting: Audits that wait for another opinion.
        not_usable: Audits that show nothing to judge; they are not counted in `n`.
        lower: Counts a waiting audit as wrong where an answer contradicts the gate, so that a third
            opinion that is late makes no confirmation. Other waiting audits are not counted.
        upper: Counts every waiting audit as right.
    """

    right: int
    n: int
    waiting: int
    not_usable: int
    lower: Watch
    upper: Watch

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound, each valid at every look with a confidence of 95 %."""
        return self.lower.bounds[0], self.upper.bounds[1]

    def state(self, target: float) -> State:
        """Return what the audits say about a target precision."""
        low, high = self.bounds
        if high < target:
            return State.ALARM
        return State.CONFIRMED if low >= target else State.NOT_YET

    def more_needed(self, target: float) -> int | None:
        """Return how many audits of accepted images confirm the target at the present share."""
        return more_needed(self.right, self.n - self.right, target)


@dataclass(frozen=True)
class ModelFigures:
    """A model that decided about reviewed images. Its digest names it."""

    digest: str
    images: int
    audits: int
    last_answer: str


def audits(images: Sequence[ReviewedImage]) -> list[ReviewedImage]:
    """Return the random sample."""
    return [image for image in images if image.audit]


def for_review(images: Sequence[ReviewedImage]) -> list[ReviewedImage]:
    """Return the selected sample: images for review that no audit drew."""
    return [image for image in images if not image.audit]


def audit_shares(images: Sequence[ReviewedImage]) -> list[float]:
    """Return the probabilities that the audits were drawn with, the smallest first."""
    return sorted({image.machine.audit_probability for image in audits(images)})


def reliability(images: Sequence[ReviewedImage]) -> list[Bin]:
    """Group usable images by confidence; empty ranges are left out."""
    groups: dict[int, list[ReviewedImage]] = defaultdict(list)
    for image in images:
        if image.usable:
            below = sum(image.machine.confidence >= edge for edge in EDGES)
            groups[min(below, len(EDGES) - 1)].append(image)

    bins = []
    for at, group in sorted(groups.items()):
        right, n = sum(image.right for image in group), len(group)
        mean = sum(image.machine.confidence for image in group) / n
        bins.append(Bin(EDGES[at - 1], EDGES[at], mean, right, n, wilson_interval(right, n)))
    return bins


def confusion(images: Sequence[ReviewedImage]) -> Confusion:
    """Count answers by predicted class. Answers that are not classes are the last rows."""
    predictions = sorted({image.machine.classification for image in images})
    classes = {image.shown for image in images if image.deciding.label is not None}
    others = {image.shown for image in images if image.deciding.label is None}
    answers = sorted(classes | {*predictions}) + sorted(others - classes)
    cells = Counter((image.shown, image.machine.classification) for image in images)
    counts = [[cells[answer, predicted] for predicted in predictions] for answer in answers]
    return Confusion(answers, predictions, counts)


def audited_precision(images: Sequence[ReviewedImage]) -> AuditedPrecision:
    """Watch the precision of accepted images by their audits, in the order of their answers."""
    accepted = [image for image in audits(images) if image.accepted]
    usable = [image for image in accepted if image.usable]
    settled = [image for image in usable if image.settled]
    return AuditedPrecision(
        right=sum(image.right for image in settled),
        n=len(settled),
        waiting=len(usable) - len(settled),
        not_usable=len(accepted) - len(usable),
        lower=watch(
            image.settled and image.right for image in usable if image.settled or image.contradicted
        ),
        upper=watch(image.right or not image.settled for image in usable),
    )


def models(images: Sequence[ReviewedImage]) -> list[ModelFigures]:
    """Return the models that decided about reviewed images, the latest answer first."""
    groups: dict[str, list[ReviewedImage]] = defaultdict(list)
    for image in images:
        groups[image.model_digest].append(image)
    found = [
        ModelFigures(
            digest,
            len(group),
            len(audits(group)),
            max(answer.answered_at for image in group for answer in image.answers),
        )
        for digest, group in groups.items()
    ]
    return sorted(found, key=lambda model: model.last_answer, reverse=True)
