"""The lowest confidence threshold that keeps a guarantee: of the images it accepts, at least so many are right.

The promise is about images to come, and is made from a sample of them: the calibration images. The lower confidence
bound of Clopper and Pearson ("The use of confidence or fiducial limits", 1934) says how low the precision of what is
accepted may be after all. Whoever looks at every threshold and takes the best that passes sees luck as well: on the
answers of a CIFAR-10 model such a promise of 95 % was kept in 90 % of 200 draws only. So the candidates are few, each
accepting another 5 % of the images, and are tested from the strictest to the laxest until one fails. In such a fixed
sequence each may be tested at the whole risk (Bauer, "Multiple testing in clinical trials", 1991; for thresholds,
Angelopoulos et al., "Learn then test", 2021): kept in 99 %. Sharing the risk among 10 candidates instead (Bonferroni)
keeps it in all of them, and accepts 72 % of the images instead of 78 %.
"""

from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

type Floats = NDArray[np.floating]
type Flags = NDArray[np.bool_]
type Counts = NDArray[np.int64]

CANDIDATES = 20


@dataclass(frozen=True)
class PrecisionGuarantee:
    """At least `precision` of the accepted images are right, unless a risk of 1 - `confidence` has come true."""

    precision: float
    confidence: float

    @property
    def risk(self) -> float:
        """How often the promise may be broken, in the long run of calibration sets."""
        return 1 - self.confidence

    def shared(self, parts: int) -> "PrecisionGuarantee":
        """One of so many promises, which are all kept together with the confidence of this one."""
        return PrecisionGuarantee(self.precision, 1 - self.risk / parts)

    @property
    def fewest(self) -> int:
        """How many accepted images, all of them right, it takes at least."""
        return ceil(log(self.risk) / log(self.precision))


@dataclass(frozen=True)
class Choice:
    """What a threshold does to the calibration images.

    Args:
        threshold: Confidence at or above which an image is accepted.
        accepted: Images that it accepts.
        right: Those of them that are predicted right.
        precision_bound: The precision is at least this, with the confidence that was asked for.
    """

    threshold: float
    accepted: int
    right: int
    precision_bound: float


@dataclass(frozen=True)
class Candidates:
    """Thresholds from the strictest to the laxest, how many of the images each accepts, and how many of those right."""

    thresholds: Floats
    accepted: Counts
    right: Counts

    @classmethod
    def of(cls, confidences: Floats, right: Flags) -> "Candidates":
        """At most 20 candidates from the confidences (images,) of predictions that may be accepted, right or wrong.

        Which they are depends on the confidences alone. Images of equal confidence are accepted together.
        """
        order = np.argsort(-confidences, kind="stable")
        ranked, hits = confidences[order], np.cumsum(right[order])
        places = np.ceil(np.arange(1, CANDIDATES + 1) * len(ranked) / CANDIDATES).astype(int) - 1
        thresholds = np.unique(ranked[places[places >= 0]])[::-1]
        accepted = np.searchsorted(-ranked, -thresholds, side="right")
        return cls(thresholds, accepted, hits[accepted - 1])

    def choose(self, guarantee: PrecisionGuarantee) -> Choice | None:
        """The laxest candidate before the first that fails; None if already the first fails.

        The first is the strictest that could pass at all: it accepts enough images.
        """
        bounds = precision_bound(self.right, self.accepted, guarantee.risk)
        passed = [at for at in range(len(self.thresholds)) if self.accepted[at] >= guarantee.fewest]
        failed = [at for at in passed if bounds[at] < guarantee.precision]
        passed = [at for at in passed if not failed or at < failed[0]]
        if not passed:
            return None
        last = passed[-1]
        chosen = float(self.thresholds[last]), int(self.accepted[last]), int(self.right[last])
        return Choice(*chosen, float(bounds[last]))

    def growth_needed(self, guarantee: PrecisionGuarantee) -> float | None:
        """How many times as many predictions it would take for a candidate to pass, were the others like these.

        None: at no candidate is the share of right predictions above the precision.
        """
        needed = [
            accepted / int(seen)
            for seen, hits in zip(self.accepted, self.right, strict=True)
            if (accepted := accepted_needed(hits / seen, guarantee)) is not None
        ]
        # One that would have passed by itself comes behind one that failed by bad luck, which twice the images lessen.
        return min((growth if growth > 1 else 2.0 for growth in needed), default=None)

    def excludes(self, guarantee: PrecisionGuarantee) -> bool:
        """Whether the precision is lower than promised, at the same risk, wherever enough images are accepted to tell.

        More images cannot change that; a better model can.
        """
        told = self.accepted >= guarantee.fewest
        bounds = upper_precision_bound(self.right[told], self.accepted[told], guarantee.risk)
        return bool(told.any() and (bounds < guarantee.precision).all())


def precision_bound(right: Counts, accepted: Counts, risk: float) -> Floats:
    """The lower confidence bound of a precision of which `right` in `accepted` are seen; `risk`: it is lower still."""
    bound = betaincinv(np.maximum(right, 1), accepted - right + 1, risk)
    return np.asarray(np.where(right > 0, bound, 0.0))


def upper_precision_bound(right: Counts, accepted: Counts, risk: float) -> Floats:
    """The upper confidence bound of a precision of which `right` in `accepted` are seen; `risk`: it is higher still."""
    return 1 - precision_bound(accepted - right, accepted, risk)


def accepted_needed(precision: float, guarantee: PrecisionGuarantee) -> int | None:
    """How many accepted images a promise takes if this share of them is right; None if no number is enough."""
    if precision <= guarantee.precision:
        return None
    enough = guarantee.fewest
    while precision_bound(*_counts(precision, enough), guarantee.risk) < guarantee.precision:
        enough = ceil(enough * 1.01) + 1
    return enough


def _counts(precision: float, accepted: int) -> tuple[Counts, Counts]:
    return np.array(int(precision * accepted + 1e-9)), np.array(accepted)
