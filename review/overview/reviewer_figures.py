"""Compare reviewers with each other: time, agreement and Cohen's kappa."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from review.images import Answer
from review.overview.reviewed import ReviewedImage
from training.statistics.agreement import Agreement, agreement

MOST_PAIRS = 20  # shown, of pairs of reviewers


@dataclass(frozen=True)
class ReviewerFigures:
    """One reviewer's answers, and the agreement with all others on the same images."""

    name: str
    answers: int
    median_seconds: float
    with_others: Agreement | None


@dataclass(frozen=True)
class PairFigures:
    """The agreement of two reviewers on the images that both answered."""

    names: tuple[str, str]
    agreement: Agreement


def reviewers(images: Sequence[ReviewedImage]) -> list[ReviewerFigures]:
    """Return the figures of each reviewer, most answers first."""
    seconds: dict[str, list[float]] = defaultdict(list)
    pairs: dict[str, list[tuple[Hashable, Hashable]]] = defaultdict(list)
    for image in images:
        for answer in image.answers:
            seconds[answer.reviewer].append(answer.seconds)
        for one, other in combinations(image.answers, 2):
            pairs[one.reviewer].append((one.decision, other.decision))
            pairs[other.reviewer].append((other.decision, one.decision))

    ranked = sorted(seconds, key=lambda name: (-len(seconds[name]), name))
    return [
        ReviewerFigures(
            name,
            len(seconds[name]),
            median(seconds[name]),
            agreement(pairs[name]) if pairs[name] else None,
        )
        for name in ranked
    ]


def pairs_of_reviewers(images: Sequence[ReviewedImage]) -> list[PairFigures]:
    """Return the agreement of each pair of reviewers, the pairs with most images first."""
    pairs: dict[tuple[str, str], list[tuple[Hashable, Hashable]]] = defaultdict(list)
    for image in images:
        for one, other in combinations(image.answers, 2):
            first, second = sorted((one, other), key=_reviewer)
            pairs[first.reviewer, second.reviewer].append((first.decision, second.decision))
    ranked = sorted(pairs, key=lambda names: (-len(pairs[names]), names))
    return [PairFigures(names, agreement(pairs[names])) for names in ranked[:MOST_PAIRS]]


def _reviewer(answer: Answer) -> str:
    return answer.reviewer
