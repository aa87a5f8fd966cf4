"""Say in sentences which reviews joined a dataset, and which did not."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from cli.console import number_of
from training.dataset.reviews import THINNED, UNKNOWN_CLASS, ChosenReviews
from training.dataset.source import Reason
from training.dataset.split import Splits


def sentences(chosen: ChosenReviews) -> Iterator[str]:
    """Yield the sentences, the one that limits the guarantee first."""
    if chosen.audits_of_no_class:
        yield (
            f"Left out: {number_of(chosen.audits_of_no_class, 'audit')} of none of the classes, so "
            "the precision guarantee does not count such images. --other DIR makes a class of them."
        )
    audits = chosen.counts.get(Reason.AUDIT, 0)
    drawn = f" (drawn with probability {chosen.probability:g})" if audits else ""
    yield (
        f"Reviews: {number_of(chosen.counts.get(Reason.REVIEW, 0), 'uncertain image')} to train, "
        f"{number_of(audits, 'audit')}{drawn} to calibrate and test."
    )
    reasons = Counter(one.reason for one in chosen.left_out)
    if unknown := [one.explanation for one in chosen.left_out if one.reason == UNKNOWN_CLASS]:
        named = ", ".join(f"{why} ({count:,})" for why, count in Counter(unknown).most_common())
        yield f"Left out: {number_of(len(unknown), 'review')}, {named}."
    if reasons[THINNED]:
        yield (
            f"Left out: {number_of(reasons[THINNED], 'audit')}, drawn with another probability "
            f"than {chosen.probability:g}. All audits must count alike."
        )
    if chosen.waiting:
        yield f"Left out: {number_of(chosen.waiting, 'image')}, waiting for another answer."


def summary(chosen: ChosenReviews, splits: Splits) -> dict[str, Any]:
    """Return the numbers for run.json and --json: the reviewed images of the dataset by split."""
    return {
        "splits": {
            split: {reason: count for reason, count in counts.items() if reason != Reason.SOURCE}
            for split, counts in splits.reasons().items()
        },
        "audit_probability": chosen.probability,
        "waiting": chosen.waiting,
        "left_out": dict(sorted(Counter(one.reason for one in chosen.left_out).items())),
    }
