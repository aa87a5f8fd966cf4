"""Read the items of the reviews table in the order of their time."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from review.answers import INDEX, LOG

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ALWAYS = "0"  # before every time


def stored_answers(
    dynamodb: "DynamoDBClient", table: str, since: str = ALWAYS
) -> Iterator[Mapping[str, Any]]:
    """Yield answers and undos, the oldest first, from the index, which is a little behind.

    Args:
        since: UTC, ISO 8601; earlier items are not read.
    """
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName=INDEX,
        KeyConditionExpression="#log = :log AND answered_at >= :since",
        ExpressionAttributeNames={"#log": "log"},
        ExpressionAttributeValues={":log": {"S": LOG}, ":since": {"S": since}},
    )
    for page in pages:
        yield from page["Items"]
