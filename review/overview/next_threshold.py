"""Estimate how many audits the next threshold still needs.

`scones threshold` chooses a threshold from calibration images, and audits are the only reviewed
images that may calibrate. The same rule is applied here to the audits so far.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any

import numpy as np

from review.overview.figures import audits
from review.overview.reviewed import ReviewedImage
from training.statistics.precision_guarantee import (
    Candidates,
    PrecisionGuarantee,
    accepted_needed,
)

DEFAULT = PrecisionGuarantee(0.95, 0.95)
# Of the audits; the others test. The default split of `scones stage` gives both the same share.
CALIBRATING = 0.5
TINY = 1e-6  # the smallest share of audits that an estimate of uploads divides by


class Prospect(StrEnum):
    """What the audits so far say about a threshold."""

    POSSIBLE = "possible"  # they allow one
    NEEDS_MORE = "needs more"  # they would, if there were more of the same kind
    OPEN = "open"  # at no confidence are enough predictions right, which may be chance
    EXCLUDED = "excluded"  # at no confidence are enough predictions right, and not by chance


@dataclass(frozen=True)
class Need:
    """The audits that a threshold still needs.

    Args:
        name: The class that the threshold is for; None for all classes together.
        guarantee: The precision guarantee of the threshold.
        audits: Settled audits so far, whatever their outcome.
        more: Further audits: an estimate, or the least number where the prospect is open.
        uploads: Classified images until then, at the present share of audits.
        threshold: A threshold that the audits allow, None if they allow none.
        coverage: The share of audits that this threshold accepts.
    """

    name: str | None
    guarantee: PrecisionGuarantee
    audits: int
    prospect: Prospect
    more: int = 0
    uploads: int | None = None
    threshold: float | None = None
    coverage: float | None = None


def guarantee_of(card: Mapping[str, Any] | None) -> PrecisionGuarantee:
    """Return the guarantee that the deployed threshold has, or the default one."""
    chosen = (card or {}).get("precision_guarantee")
    if not chosen:
        return DEFAULT
    return PrecisionGuarantee(float(chosen["precision"]), float(chosen["confidence"]))


def needs(images: Sequence[ReviewedImage], card: Mapping[str, Any] | None) -> list[Need]:
    """Return the need of the common threshold, or of each class where classes have thresholds.

    Args:
        images: Reviewed images of the deployed model.
        card: The deployed model card, None without one.
    """
    guarantee = guarantee_of(card)
    known = card or {}
    sample = [image for image in audits(images) if image.settled and image.usable]
    acceptable = [
        image for image in sample if image.machine.classification != known.get("other_class")
    ]
    if not known.get("class_thresholds"):
        return [_need(None, guarantee, acceptable)]

    classes = [label for label in known["labels"] if label != known.get("other_class")]
    shared = guarantee.shared(len(classes))
    return [
        _need(label, shared, [one for one in acceptable if one.machine.classification == label])
        for label in classes
    ]


def _need(name: str | None, guarantee: PrecisionGuarantee, sample: Sequence[ReviewedImage]) -> Need:
    n = len(sample)
    least = max(0, ceil(guarantee.fewest / CALIBRATING) - n)
    if not n:
        return Need(name, guarantee, 0, Prospect.NEEDS_MORE, least)

    candidates = Candidates.of(
        np.array([image.machine.confidence for image in sample]),
        np.array([image.right for image in sample]),
    )
    choice = candidates.choose(guarantee)
    growth = _growth(candidates, guarantee) if choice else candidates.growth_needed(guarantee)
    if growth is None:
        excluded = candidates.excludes(guarantee)
        more, prospect = least, Prospect.EXCLUDED if excluded else Prospect.OPEN
    else:
        more = max(least, ceil(growth * n / CALIBRATING) - n)
        prospect = Prospect.NEEDS_MORE if more or not choice else Prospect.POSSIBLE

    if choice and prospect == Prospect.POSSIBLE:
        coverage = choice.accepted / n
        return Need(name, guarantee, n, prospect, 0, 0, choice.threshold, coverage)
    uploads = ceil(more / max(sample[-1].machine.audit_probability, TINY))
    return Need(name, guarantee, n, prospect, more, uploads)


def _growth(candidates: Candidates, guarantee: PrecisionGuarantee) -> float:
    """Return the share of images with which a candidate would still pass, at most 1."""
    needed = [
        accepted / int(seen)
        for seen, hits in zip(candidates.accepted, candidates.right, strict=True)
        if (accepted := accepted_needed(hits / seen, guarantee)) is not None
    ]
    return min([1.0, *needed])
