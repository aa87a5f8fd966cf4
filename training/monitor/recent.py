"""What came lately, of two sources: the records of the results table, and captured requests of the endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from training.acceptance import NEVER, Acceptance
from training.monitor.captured import read_captured
from training.monitor.comparison import LEAST_IMAGES
from training.monitor.errors import TooFewImagesError
from training.monitor.reference import decisions_of
from training.monitor.results import read_results, results_table
from training.monitor.sample import Sample, columns
from training.step import Context


@dataclass(frozen=True)
class Recent:
    """The recent sample, how many of its decisions are for review and at which thresholds, and whence it comes.

    Args:
        sample: Decisions and image statistics.
        reviewed: How many of the decisions are for review.
        thresholds: The confidence threshold of each class that the model card names.
        records: Number of records read.
        captured: Number of captured invocations read.
    """

    sample: Sample
    reviewed: int
    thresholds: Mapping[str, float]
    records: int
    captured: int


def read_recent(context: Context, card: Mapping[str, Any], stack: str, since: datetime, most: int) -> Recent:
    """The newest images since a moment, at most so many of each source.

    Decisions come from the records, which hold all of them and the threshold that each was held to; where there are
    too few, from captured answers and the model card.

    Raises:
        TooFewImagesError: neither source has enough.
    """
    captured = read_captured(context, since, most, len(card["labels"]))
    table = results_table(context, stack)
    results = read_results(context, table, since, most) if table else None
    records = len(results.decisions.classes) if results else 0
    if max(records, len(captured)) < LEAST_IMAGES:
        raise TooFewImagesError(
            f"Since {since:%Y-%m-%d %H:%M} UTC there are {records} records of images that {context.names.endpoint} has "
            f"classified, and {len(captured)} captured requests; {LEAST_IMAGES} of either is the least. "
            f"{TooFewImagesError.__doc__}"
        )
    statistics = columns([one.statistics for one in captured])
    thresholds = dict(zip(card["labels"], Acceptance.of_card(card).thresholds, strict=True))
    if results and records >= LEAST_IMAGES:
        # A record has the threshold that held, but not that no confidence makes its class acceptable.
        held = {name: one for name, one in results.thresholds.items() if thresholds.get(name) != NEVER}
        sample = Sample(results.decisions, statistics)
        return Recent(sample, results.reviewed, thresholds | held, records, len(captured))
    answers = [one.probabilities for one in captured]
    sample = Sample(decisions_of(card["labels"], answers, card["temperature"]), statistics)
    return Recent(sample, sample.decisions.reviewed(thresholds), thresholds, records, len(captured))
