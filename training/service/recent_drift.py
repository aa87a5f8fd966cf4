"""Compare recent images and decisions with the reference of the deployed model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.aws import Aws
from training.service.errors import SmallReferenceError
from training.service.recent import Recent, Window, read_recent
from training.service.reference import read_reference, reference_url
from training.statistics.drift import LEAST_IMAGES, Comparison, compare
from training.statistics.sample import Sample


@dataclass(frozen=True)
class RecentDrift:
    """What was compared with what, and the comparison of each statistic.

    Args:
        facts: What the report says of both samples.
        reference: The held-out images.
        recent: The images that came since.
        comparisons: The statistics, the likeliest drift first.
    """

    facts: Mapping[str, Any]
    reference: Sample
    recent: Recent
    comparisons: Sequence[Comparison]

    @property
    def drifted(self) -> list[Comparison]:
        """The statistics that have drifted."""
        return [one for one in self.comparisons if one.drifted]

    @property
    def review_share(self) -> dict[str, float | None]:
        """The share of images for review in both samples, at the same thresholds."""
        thresholds = self.recent.thresholds
        return {
            "reference": self.reference.decisions.review_share(thresholds),
            "recent": self.recent.sample.decisions.review_share(thresholds),
        }


def compare_recent(
    aws: Aws, endpoint: str, card: Mapping[str, Any], bucket: str, stack: str, days: int, most: int
) -> RecentDrift:
    """Compare at most the `most` newest images of some days with the reference.

    Args:
        aws: The account.
        endpoint: The name of the endpoint.
        card: Its model card.
        bucket: The training bucket, which has the reference.
        stack: The stack of the service, which has the records.
        days: How far to look back, but no further than to the reference: older images may be of the model before.
        most: As many images of each source are enough.

    Raises:
        ReferenceMissingError, InvalidReferenceError, SmallReferenceError: there is nothing to compare with.
        TooFewImagesError: there is too little to compare.
    """
    url = reference_url(bucket, card)
    reference, made_at = read_reference(aws.s3, url)
    if len(reference.decisions.classes) < LEAST_IMAGES:
        raise SmallReferenceError
    window = Window.of(days, made_at, most)
    recent = read_recent(aws, endpoint, card, stack, window)
    facts = {
        "endpoint": endpoint,
        "model": card["model_digest"],
        "reference": url,
        "reference_made_at": f"{made_at:%Y-%m-%d %H:%M} UTC",
        "since": f"{window.since:%Y-%m-%d %H:%M} UTC",
        "records": recent.records,
        "captured": recent.captured,
    }
    return RecentDrift(
        facts, reference, recent, compare(reference, recent.sample, recent.thresholds)
    )
