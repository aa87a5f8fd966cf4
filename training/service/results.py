"""The newest records of the results table: what the service decided of images that a variant classified."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.service import StackNotFoundError, find_service
from training.statistics.sample import Decisions

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient

_NAMES = ("classification", "confidence_score", "confidence_threshold", "recorded_at")


@dataclass(frozen=True)
class Results:
    """Decisions that were recorded, and the threshold that each class was held to most often."""

    decisions: Decisions
    thresholds: Mapping[str, float]


def results_table(cloudformation: "CloudFormationClient", stack: str) -> str | None:
    """The results table of the service; None if the stack is not there, as before the first `sam deploy`."""
    try:
        return find_service(cloudformation, stack).results_table
    except StackNotFoundError:
        return None


def read_results(
    dynamodb: "DynamoDBClient",
    table: str,
    endpoint: str,
    variant: str | None,
    since: datetime,
    most: int,
) -> Results:
    """At most so many of what the answers of a variant, or of all, led to since a moment, the newest.

    It reads the whole table: there is no index by time, which would cost with every image.
    """
    wanted, values = "endpoint = :endpoint AND recorded_at >= :since", {":endpoint": endpoint}
    values[":since"] = f"{since:%Y-%m-%dT%H:%M:%S}"  # recorded_at goes on with milliseconds and Z
    if variant:
        wanted, values[":variant"] = f"{wanted} AND variant = :variant", variant
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression=", ".join(_NAMES),
        FilterExpression=wanted,
        ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
    )
    items: list[Any] = [item for page in pages for item in page["Items"]]
    newest = sorted(items, key=lambda item: item["recorded_at"]["S"], reverse=True)[:most]
    thresholds = defaultdict[str, Counter[float]](Counter)
    for item in newest:
        thresholds[item["classification"]["S"]][float(item["confidence_threshold"]["N"])] += 1
    decisions = Decisions(
        [item["classification"]["S"] for item in newest],
        [float(item["confidence_score"]["N"]) for item in newest],
    )
    usual = {name: counts.most_common(1)[0][0] for name, counts in thresholds.items()}
    return Results(decisions, usual)
