"""Find the lowest confidence threshold that keeps a precision guarantee.

The guarantee is about future images, and follows from a sample of them: the calibration images. The
lower confidence bound of Clopper and Pearson ("The use of confidence or fiducial limits", 1934)
limits the precision of the accepted images from below. Choosing the best of all thresholds would
also choose luck: on the answers of a CIFAR-10 model such a guarantee of 95 % held in only 90 % of
200 draws. So there are few candidates, each accepting another 5 % of the images. They are tested
from the strictest to the most permissive until one fails. In such a fixed sequence each test may
use the whole risk (Bauer, "Multiple testing in clinical trials", 1991; for thresholds, Angelopoulos
et al., "Learn then test", 2021): it held in 99 %. Sharing the risk among 10 candidates instead
(Bonferroni) held in all draws, and accepted 72 % of the images instead of 78 %.

Any sequence is valid that does not depend on which predictions are right. This one starts at the
most confident 20 %. If it started at 5 %, then one wrong label among the 75 most confident of 1,500
images would forbid every guarantee of 95 %.
"""

from dataclasses import dataclass
from math import ceil, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

type Floats = NDArray[np.floating]
type Flags = NDArray[np.bool_]
type Counts = NDArray[np.int64]

STEPS = 20  # a candidate accepts a multiple of a twentieth of the images
FIRST_STEP = 4  # the strictest accepts 20 %


@dataclass(frozen=True)
class PrecisionGuarantee:
    """At least `precision` of the accepted images are right, with this confidence level."""

    precision: float
    confidence: float

    @property
    def risk(self) -> float:
        """Return the share of calibration sets for which the guarantee may fail."""
        return 1 - self.confidence

    def shared(self, parts: int) -> "PrecisionGuarantee":
        """Return the guarantee of each of several parts that hold together at this level."""
        return PrecisionGuarantee(self.precision, 1 - self.risk / parts)

    @property
    def fewest(self) -> int:
        """Return the least number of accepted images, all right, that give the guarantee."""
        return ceil(log(self.risk) / log(self.precision))


@dataclass(frozen=True)
class Choice:
    """A threshold and its effect on the calibration images.

    Args:
        threshold: Confidence at or above which an image is accepted.
        accepted: Number of accepted images.
        right: Number of accepted images that are predicted right.
        precision_bound: Lower bound of the precision at the guarantee's confidence level.
    """

    threshold: float
    accepted: int
    right: int
    precision_bound: float


@dataclass(frozen=True)
class Candidates:
    """Thresholds from strict to permissive, with the accepted and the rightly accepted images."""

    thresholds: Floats
    accepted: Counts
    right: Counts

    @classmethod
    def of(cls, confidences: Floats, right: Flags) -> "Candidates":
        """Return at most 17 candidates from the confidences (images,) of acceptable predictions.

        They accept 20, 25 ... 100 % of the images, and depend on the confidences alone. Images of
        equal confidence are accepted together.
        """
        order = np.argsort(-confidences, kind="stable")
        ranked = confidences[order]
        hits = np.cumsum(right[order])
        steps = np.arange(FIRST_STEP, STEPS + 1)
        places = np.ceil(steps * len(ranked) / STEPS).astype(int) - 1
        thresholds = np.unique(ranked[places[places >= 0]])[::-1]
        accepted = np.searchsorted(-ranked, -thresholds, side="right")
        return cls(thresholds, accepted, hits[accepted - 1])

    def choose(self, guarantee: PrecisionGuarantee) -> Choice | None:
        """Return the most permissive candidate before the first failure, None without one.

        Candidates that accept too few images to pass are skipped.
        """
        bounds = precision_bound(self.right, self.accepted, guarantee.risk)
        passed = [at for at in range(len(self.thresholds)) if self.accepted[at] >= guarantee.fewest]
        failed = [at for at in passed if bounds[at] < guarantee.precision]
        passed = [at for at in passed if not failed or at < failed[0]]
        if not passed:
            return None

        last = passed[-1]
        return Choice(
            threshold=float(self.thresholds[last]),
            accepted=int(self.accepted[last]),
            right=int(self.right[last]),
            precision_bound=float(bounds[last]),
        )

    def growth_needed(self, guarantee: PrecisionGuarantee) -> float | None:
        """Return the factor of images at which a candidate would pass if the others were alike.

        Returns None if no candidate's share of right predictions exceeds the precision.
        """
        needed = [
            accepted / int(seen)
            for seen, hits in zip(self.accepted, self.right, strict=True)
            if (accepted := accepted_needed(hits / seen, guarantee)) is not None
        ]
        # A candidate that would pass alone follows one that failed by chance. Twice the images
        # make such a chance smaller.
        return min((growth if growth > 1 else 2.0 for growth in needed), default=None)

    def excludes(self, guarantee: PrecisionGuarantee) -> bool:
        """Return whether the data exclude the precision, at the same risk, for all candidates.

        Only candidates with enough accepted images count. More images cannot help then, but a
        better model can.
        """
        decisive = self.accepted >= guarantee.fewest
        bounds = upper_precision_bound(
            self.right[decisive], self.accepted[decisive], guarantee.risk
        )
        return bool(decisive.any() and (bounds < guarantee.precision).all())


def precision_bound(right: Counts, accepted: Counts, risk: float) -> Floats:
    """Return the lower confidence bound of a precision, which is lower still with this risk."""
    bound = betaincinv(np.maximum(right, 1), accepted - right + 1, risk)
    return np.asarray(np.where(right > 0, bound, 0.0))


def upper_precision_bound(right: Counts, accepted: Counts, risk: float) -> Floats:
    """Return the upper confidence bound of a precision, which is higher still with this risk."""
    return 1 - precision_bound(accepted - right, accepted, risk)


def accepted_needed(precision: float, guarantee: PrecisionGuarantee) -> int | None:
    """Return how many accepted images a guarantee needs at this precision, None if impossible."""
    if precision <= guarantee.precision:
        return None
    enough = guarantee.fewest
    while precision_bound(*_counts(precision, enough), guarantee.risk) < guarantee.precision:
        enough = ceil(enough * 1.01) + 1
    return enough


def _counts(precision: float, accepted: int) -> tuple[Counts, Counts]:
    return np.array(int(precision * accepted + 1e-9)), np.array(accepted)
