"""Compare variants by the service's records, which name the variant of each answer."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any

from cli.aws import Aws
from cli.outcomes import ACCEPTED
from training.project.errors import TrainingError
from training.project.naming import Names
from training.service.results import results_table
from training.statistics.share_difference import Share, difference

_ATTRIBUTES = ("outcome", "variant", "confidence_score", "processing_time_ms")


class ServiceMissingError(TrainingError):
    """Run `sam build && sam deploy`: the service has no records to compare."""


@dataclass(frozen=True)
class Decided:
    """The recorded decision about an image, and its variant."""

    variant: str
    accepted: bool
    confidence: float
    milliseconds: float


@dataclass(frozen=True)
class Result:
    """The decisions about all images of a variant."""

    variant: str
    images: int
    accepted: int
    mean_confidence: float
    median_milliseconds: float


def read_records(aws: Aws, names: Names, since: str) -> list[Decided]:
    """Read the decisions since a moment (ISO 8601, UTC) from the whole results table.

    Raises:
        ServiceMissingError: The stack of the service does not exist.
    """
    table = results_table(aws.cloudformation, names.service)
    if table is None:
        raise ServiceMissingError(
            f"The stack {names.service} does not exist. {ServiceMissingError.__doc__}"
        )
    pages = aws.dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression=", ".join(_ATTRIBUTES),
        FilterExpression=(
            "attribute_exists(variant) AND endpoint = :endpoint AND recorded_at >= :since"
        ),
        ExpressionAttributeValues={":endpoint": {"S": names.endpoint}, ":since": {"S": since}},
    )
    return [_decided(item) for page in pages for item in page["Items"]]


def summarise(decided: Iterable[Decided]) -> list[Result]:
    """Return the result of each variant, sorted by variant."""
    of_variant: dict[str, list[Decided]] = {}
    for one in decided:
        of_variant.setdefault(one.variant, []).append(one)
    return [
        Result(
            variant,
            images=len(found),
            accepted=sum(one.accepted for one in found),
            mean_confidence=fmean(one.confidence for one in found),
            median_milliseconds=median(one.milliseconds for one in found),
        )
        for variant, found in sorted(of_variant.items())
    ]


def verdict(a: Result, b: Result) -> dict[str, Any]:
    """Return whether b accepts another share of the images than a, with a sentence about it."""
    found = difference(Share(a.accepted, a.images), Share(b.accepted, b.images))
    low, high = found.interval
    interval = f"95 % interval {low:+.1%} to {high:+.1%}"
    figures = f"{found.value:+.1%} ({interval}, p = {found.p:.3g}, n = {a.images} and {b.images})"
    if found.significant:
        comparative = "more" if found.value > 0 else "fewer"
        sentence = f"{b.variant} accepts {comparative} images than {a.variant}: {figures}."
    else:
        sentence = (
            f"These images do not show a difference between {a.variant} and {b.variant}: {figures}."
        )
    return asdict(found) | {"significant": found.significant, "sentence": sentence}


def _decided(item: Mapping[str, Any]) -> Decided:
    return Decided(
        variant=item["variant"]["S"],
        accepted=item["outcome"]["S"] == ACCEPTED,
        confidence=float(item["confidence_score"]["N"]),
        milliseconds=float(item["processing_time_ms"]["N"]),
    )
