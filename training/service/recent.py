"""Read recent images from the results table and from the endpoint's captured requests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from cli.aws import Aws
from training.project.inventory import find_endpoint
from training.service.captured import capture_url, read_captured
from training.service.errors import TooFewRecentImagesError
from training.service.reference import decisions_of
from training.service.results import read_results, results_table
from training.statistics.acceptance import NEVER, Acceptance
from training.statistics.drift import LEAST_IMAGES
from training.statistics.sample import Sample, columns


@dataclass(frozen=True)
class Window:
    """The period of recent images.

    Args:
        since: Start of the period; older images may be of another model.
        most: Largest number of images of each source, newest first.
        whole: Whether the period reaches back to the reference.
    """

    since: datetime
    most: int
    whole: bool

    @classmethod
    def of(cls, days: int, made_at: datetime, most: int) -> Self:
        """Return the last days, but not earlier than the reference."""
        since = datetime.now(UTC) - timedelta(days=days)
        return cls(max(since, made_at), most, whole=since <= made_at)


@dataclass(frozen=True)
class Recent:
    """The recent sample, its thresholds and its sources.

    Args:
        sample: Decisions and image statistics.
        thresholds: The confidence threshold of each class of the model card.
        records: Number of records read.
        captured: Number of captured requests read.
        capturing: Whether the endpoint captures requests.
        photos: A few captured images.
    """

    sample: Sample
    thresholds: Mapping[str, float]
    records: int
    captured: int
    capturing: bool
    photos: Sequence[bytes] = ()

    @property
    def notes(self) -> list[str]:
        """Return sentences about statistics that are not compared."""
        if self.captured >= LEAST_IMAGES:
            return []
        off = [] if self.capturing else ["Only `scones deploy --capture SHARE` stores images."]
        return [f"Images: not compared ({self.captured} captured, {LEAST_IMAGES} needed).", *off]


def read_recent(
    aws: Aws, endpoint: str, card: Mapping[str, Any], stack: str, window: Window
) -> Recent:
    """Return the newest images of the model card's variant, without requests of this tool.

    Decisions are from the records, which include every image and its threshold. With too few
    records they are from captured answers and the model card.

    Raises:
        TooFewRecentImagesError: Neither source has enough images.
    """
    variant = _variant(aws, endpoint, card)
    url = capture_url(aws.sagemaker, endpoint)
    capturing = url is not None
    captured = []
    if variant and url:
        place = f"{url}/{endpoint}/{variant}"
        captured = read_captured(aws.s3, place, window.since, window.most, len(card["labels"]))
    table = results_table(aws.cloudformation, stack)
    results = (
        read_results(aws.dynamodb, table, endpoint, variant, window.since, window.most)
        if table
        else None
    )
    records = len(results.decisions.classes) if results else 0
    if max(records, len(captured)) < LEAST_IMAGES:
        raise _too_few(endpoint, window, records, len(captured))
    statistics = columns([one.statistics for one in captured])
    photos = [one.image for one in captured if one.image]
    thresholds = dict(zip(card["labels"], Acceptance.of_card(card).thresholds, strict=True))
    if results and records >= LEAST_IMAGES:
        # A record does not say that its class is never accepted.
        held = {
            name: one for name, one in results.thresholds.items() if thresholds.get(name) != NEVER
        }
        return Recent(
            Sample(results.decisions, statistics),
            thresholds | held,
            records,
            len(captured),
            capturing,
            photos,
        )
    answers = [one.probabilities for one in captured]
    sample = Sample(decisions_of(card["labels"], answers, card["temperature"]), statistics)
    return Recent(sample, thresholds, records, len(captured), capturing, photos)


def _variant(aws: Aws, endpoint: str, card: Mapping[str, Any]) -> str | None:
    """Return the card's variant, else the only production variant, None without an endpoint."""
    found = find_endpoint(aws.sagemaker, endpoint)
    names = [one["VariantName"] for one in found.get("ProductionVariants", [])] if found else []
    named: str | None = card.get("variant")
    return named or next(iter(names), None)


def _too_few(endpoint: str, window: Window, records: int, captured: int) -> TooFewRecentImagesError:
    whole = (
        "That is the whole time since the reference was made."
        if window.whole
        else "Or use a larger --days."
    )
    return TooFewRecentImagesError(
        f"Since {window.since:%Y-%m-%d %H:%M} UTC there are {records} records of images that "
        f"{endpoint} has classified, and {captured} captured requests. A comparison needs at least "
        f"{LEAST_IMAGES} of either. {TooFewRecentImagesError.__doc__} {whole}"
    )
