"""A service whose results table can be filled with records."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from training.step import Context

TABLE, STACK = "results", "scones"
NOW = datetime(2030, 1, 2, tzinfo=UTC)
type Record = Callable[..., None]


@pytest.fixture
def record(context: Context) -> Iterator[Record]:
    """Record the decision on one more image, so many minutes ago, in the table of a deployed stack."""
    keys = {"image_url": "HASH", "version": "RANGE"}
    properties: dict[str, Any] = {
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in keys],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    }
    context.aws.dynamodb.create_table(**properties)
    stack: dict[str, Any] = {"StackName": STACK, "CreationTime": NOW, "StackStatus": "CREATE_COMPLETE"}
    stack["Outputs"] = [{"OutputKey": "ResultsTableName", "OutputValue": TABLE}]
    with Stubber(context.aws.cloudformation) as stubbed:  # moto's needs a validator of OpenAPI
        stubbed.add_response("describe_stacks", {"Stacks": [stack]})
        yield _writer(context)


def _writer(context: Context) -> Record:
    written: list[str] = []

    def write(
        classification: str = "car",
        confidence: float = 0.9,
        threshold: float = 0.8,
        minutes: int = 0,
        endpoint: str = context.names.endpoint,
    ) -> None:
        written.append(f"s3://photos/uploads/{len(written)}.jpg")
        recorded_at = f"{NOW - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S}.123Z"
        texts = {
            "image_url": written[-1],
            "version": "1",
            "classification": classification,
            "outcome": "ACCEPTED" if confidence >= threshold else "REVIEW",
            "endpoint": endpoint,
            "recorded_at": recorded_at,
        }
        numbers = {"confidence_score": str(confidence), "confidence_threshold": str(threshold)}
        item = {name: {"S": text} for name, text in texts.items()} | {name: {"N": n} for name, n in numbers.items()}
        context.aws.dynamodb.put_item(TableName=TABLE, Item=item)

    return write
