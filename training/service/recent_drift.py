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
    """The comparison of recent images with the reference.

    Args:
        facts: The report's facts about both samples.
        reference: The held-out images.
        recent: The recent images.
        comparisons: The statistics, smallest p-value first.
    """

    facts: Mapping[str, Any]
    reference: Sample
    recent: Recent
    comparisons: Sequence[Comparison]

    @property
    def drifted(self) -> list[Comparison]:
        """Return the statistics that drifted."""
        return [one for one in self.comparisons if one.drifted]

    @property
    def review_share(self) -> dict[str, float | None]:
        """Return the share of images for review in both samples, at the same thresholds."""
        thresholds = self.recent.thresholds
        return {
            "reference": self.reference.decisions.review_share(thresholds),
            "recent": self.recent.sample.decisions.review_share(thresholds),
        }


def compare_recent(
    aws: Aws, endpoint: str, card: Mapping[str, Any], bucket: str, stack: str, days: int, most: int
) -> RecentDrift:
    """Compare at most the `most` newest images of the last `days` with the reference.

    Args:
        aws: The clients.
        endpoint: Name of the endpoint.
        card: Its model card.
        bucket: The training bucket with the reference.
        stack: The stack of the service with the records.
        days: Length of the period, limited by the age of the reference.
        most: Largest number of images of each source.

    Raises:
        ReferenceMissingError: The reference does not exist.
        InvalidReferenceError: The reference is damaged.
        SmallReferenceError: The reference has too few images.
        TooFewRecentImagesError: There are too few recent images.
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
