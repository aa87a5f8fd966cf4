"""Distinguish wrong labels from the errors that a model's confidence foresees.

A calibrated confidence of 0.99 foresees one error in a hundred. If far more of the most confident
predictions have another label, then these labels are wrong, or the model errs in a way that its
confidence does not show. Only a person who looks at the images can distinguish the two.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from training.statistics.precision_guarantee import Candidates, PrecisionGuarantee

type Floats = NDArray[np.floating]
type Flags = NDArray[np.bool_]

CHANCE = 0.01  # calibrated confidences and right labels look like a conflict at most this often
MOST = 0.5  # share of differing labels: above it the model is wrong, not the labels


@dataclass(frozen=True)
class LabelConflict:
    """Confident predictions whose labels differ more often than the confidence foresees.

    Args:
        images: Number of the most confident images that were looked at.
        differing: Places of those whose label differs from the prediction, most confident first.
        foreseen: Number of errors that the confidence foresees among these images.
    """

    images: int
    differing: tuple[int, ...]
    foreseen: float


def label_conflict(
    confidences: Floats, right: Flags, candidates: Candidates, guarantee: PrecisionGuarantee
) -> LabelConflict | None:
    """Return the conflict at the strictest threshold that the guarantee can test, None without one.

    The number of differing labels is compared with a binomial distribution of the same mean. Its
    upper tail is at least as heavy as that of errors with unequal probabilities (Hoeffding, "On the
    distribution of the number of successes in independent trials", 1956).
    """
    tested = candidates.accepted[candidates.accepted >= guarantee.fewest]
    if not len(tested):
        return None

    images = int(tested[0])
    first = np.argsort(-confidences, kind="stable")[:images]
    differing = first[~right[first]]
    foreseen = float((1 - confidences[first]).sum())
    if not 0 < len(differing) <= MOST * images:
        return None
    if bdtrc(len(differing) - 1, images, foreseen / images) > CHANCE:
        return None

    return LabelConflict(images, tuple(map(int, differing)), foreseen)
