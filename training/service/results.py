"""Read the newest records of a variant from the results table."""

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
    """Recorded decisions, and the most frequent threshold of each class."""

    decisions: Decisions
    thresholds: Mapping[str, float]


def results_table(cloudformation: "CloudFormationClient", stack: str) -> str | None:
    """Return the results table of the service, None if the stack does not exist."""
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
    """Return at most `most` of the newest decisions since a moment, of a variant or of all.

    It reads the whole table: an index by time would add a cost for every image.
    """
    condition = "endpoint = :endpoint AND recorded_at >= :since"
    values = {":endpoint": endpoint}
    values[":since"] = f"{since:%Y-%m-%dT%H:%M:%S}"  # recorded_at has milliseconds and Z as well
    if variant:
        condition = f"{condition} AND variant = :variant"
        values[":variant"] = variant
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        ProjectionExpression=", ".join(_NAMES),
        FilterExpression=condition,
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
