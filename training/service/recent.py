"""What came lately, of two sources: the records of the results table, and captured requests of the endpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from cli.aws import Aws
from training.project.inventory import find_endpoint
from training.service.captured import capture_url, read_captured
from training.service.errors import TooFewImagesError
from training.service.reference import decisions_of
from training.service.results import read_results, results_table
from training.statistics.acceptance import NEVER, Acceptance
from training.statistics.drift import LEAST_IMAGES
from training.statistics.sample import Sample, columns


@dataclass(frozen=True)
class Window:
    """Which images are recent.

    Args:
        since: What is older is of another time, or of another model.
        most: So many of each source are enough, the newest.
        whole: Whether nothing more could be known: it reaches back to the reference.
    """

    since: datetime
    most: int
    whole: bool

    @classmethod
    def of(cls, days: int, made_at: datetime, most: int) -> Self:
        """The last days, but no more than since the reference was made."""
        since = datetime.now(UTC) - timedelta(days=days)
        return cls(max(since, made_at), most, whole=since <= made_at)


@dataclass(frozen=True)
class Recent:
    """The recent sample, the thresholds that it is held to, and whence it comes.

    Args:
        sample: Decisions and image statistics.
        thresholds: The confidence threshold of each class that the model card names.
        records: Number of records read.
        captured: Number of captured invocations read.
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
        """What nobody should take for compared: sentences."""
        if self.captured >= LEAST_IMAGES:
            return []
        off = [] if self.capturing else ["Only `scones deploy --capture SHARE` keeps any image."]
        return [f"Images: not compared ({self.captured} captured, {LEAST_IMAGES} needed).", *off]


def read_recent(
    aws: Aws, endpoint: str, card: Mapping[str, Any], stack: str, window: Window
) -> Recent:
    """The newest images that the variant of the model card was asked about by others than this tool.

    Decisions come from the records, which hold all of them and the threshold that each was held to; where there are
    too few, from captured answers and the model card.

    Raises:
        TooFewImagesError: neither source has enough.
    """
    variant, url = _variant(aws, endpoint, card), capture_url(aws.sagemaker, endpoint)
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
        # A record has the threshold that held, but not that no confidence makes its class acceptable.
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
    """The variant that the card names, else the only one in production; None if there is no endpoint any more."""
    found = find_endpoint(aws.sagemaker, endpoint)
    names = [one["VariantName"] for one in found.get("ProductionVariants", [])] if found else []
    named: str | None = card.get("variant")
    return named or next(iter(names), None)


def _too_few(endpoint: str, window: Window, records: int, captured: int) -> TooFewImagesError:
    whole = (
        "That is as long as the reference has been there."
        if window.whole
        else "--days looks further back."
    )
    return TooFewImagesError(
        f"Since {window.since:%Y-%m-%d %H:%M} UTC there are {records} records of images that {endpoint} "
        f"has classified, and {captured} captured requests; {LEAST_IMAGES} of either is the least. "
        f"{TooFewImagesError.__doc__} {whole}"
    )
