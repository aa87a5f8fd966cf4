"""What the records tell of each variant: the service notes in every one which variant gave the answer."""

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
    """The service is not deployed (`sam build && sam deploy`), so there are no records to compare variants by."""


@dataclass(frozen=True)
class Decided:
    """What a record tells of an image that a variant classified."""

    variant: str
    accepted: bool
    confidence: float
    milliseconds: float


@dataclass(frozen=True)
class Result:
    """What became of the images that a variant classified."""

    variant: str
    images: int
    accepted: int
    mean_confidence: float
    median_milliseconds: float


def read_records(aws: Aws, names: Names, since: str) -> list[Decided]:
    """Read what the endpoint's variants decided since a moment (ISO 8601, UTC). It reads the whole table.

    Raises:
        ServiceMissingError: there is no stack, so no table.
    """
    table = results_table(aws.cloudformation, names.service)
    if table is None:
        raise ServiceMissingError(
            f"There is no stack {names.service}. {ServiceMissingError.__doc__}"
        )
    pages = aws.dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression=", ".join(_ATTRIBUTES),
        FilterExpression="attribute_exists(variant) AND endpoint = :endpoint AND recorded_at >= :since",
        ExpressionAttributeValues={":endpoint": {"S": names.endpoint}, ":since": {"S": since}},
    )
    return [_decided(item) for page in pages for item in page["Items"]]


def summarise(decided: Iterable[Decided]) -> list[Result]:
    """The result of each variant, in the order of their names."""
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
    """Whether b accepts another share of the images than a, and the sentence that says so."""
    found = difference(Share(a.accepted, a.images), Share(b.accepted, b.images))
    low, high = found.interval
    interval = f"95 % interval {low:+.1%} to {high:+.1%}"
    figures = f"{found.value:+.1%} ({interval}, p = {found.p:.3g}, n = {a.images} and {b.images})"
    if found.significant:
        sentence = f"{b.variant} accepts {'more' if found.value > 0 else 'fewer'} images than {a.variant}: {figures}."
    else:
        sentence = f"No difference between {a.variant} and {b.variant} can be told from these images: {figures}."
    return asdict(found) | {"significant": found.significant, "sentence": sentence}


def _decided(item: Mapping[str, Any]) -> Decided:
    return Decided(
        variant=item["variant"]["S"],
        accepted=item["outcome"]["S"] == ACCEPTED,
        confidence=float(item["confidence_score"]["N"]),
        milliseconds=float(item["processing_time_ms"]["N"]),
    )
