"""The conditions of the workflows' writes decide which record may be replaced."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "results"
KEY = {"image_url": {"S": "s3://bucket/uploads/truck.webp"}, "version": {"S": "v1"}}
OPEN = {"opened_by": "first"}
FAILED = {"outcome": "FAILED", "execution": "first"}
REOPENED = {**FAILED, "opened_by": "second"}
ACCEPTED = {"outcome": "ACCEPTED", "execution": "first"}
BEFORE = {"none": None, "open": OPEN, "failed": FAILED, "reopened": REOPENED, "accepted": ACCEPTED}

# (recorded outcome, writer) of every record that each state may replace.
OPENS = {
    (before, execution)
    for before in BEFORE
    if before != "accepted"
    for execution in ("first", "second")
}
# Not ("failed", "first"): its failure is already announced, and a late write would not be.
DECIDES = {
    ("none", "first"),
    ("none", "second"),
    ("open", "first"),
    ("open", "second"),
    ("failed", "second"),
    ("reopened", "second"),
    ("accepted", "first"),  # once more, when the answer to its write was lost
}
FAILS = {
    ("none", "first"),
    ("none", "second"),
    ("open", "first"),
    ("open", "second"),
    ("reopened", "second"),
}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator["DynamoDBClient"]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": "image_url", "KeyType": "HASH"},
                {"AttributeName": "version", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in KEY],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def allowed(client: "DynamoDBClient", condition: str, outcome: str) -> set[tuple[str, str]]:
    """Over which records the two executions may write with a condition."""
    found = set()
    for before, record in BEFORE.items():
        for execution in ("first", "second"):
            client.delete_item(TableName=TABLE, Key=KEY)
            if record is not None:
                client.put_item(
                    TableName=TABLE, Item=KEY | {name: {"S": text} for name, text in record.items()}
                )
            values = {":failed": "FAILED", ":execution": execution, ":outcome": outcome}
            used = {name: {"S": text} for name, text in values.items() if name in condition}
            with suppress(client.exceptions.ConditionalCheckFailedException):
                client.put_item(
                    TableName=TABLE,
                    Item=KEY,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=used,
                )
                found.add((before, execution))
    return found


def test_record_without_a_final_outcome_may_be_opened(
    dynamodb: "DynamoDBClient", states: dict[str, Any]
) -> None:
    condition = states["Open record"]["Arguments"]["ConditionExpression"]
    assert OPENS == allowed(dynamodb, condition, "ACCEPTED")


def test_outcome_replaces_only_the_failure_of_another_execution(
    dynamodb: "DynamoDBClient", states: dict[str, Any]
) -> None:
    assert DECIDES == allowed(dynamodb, states["Valid input?"]["Assign"]["may_replace"], "ACCEPTED")


def test_failure_replaces_only_a_failure_that_its_execution_tried_to_repair(
    dynamodb: "DynamoDBClient", states: dict[str, Any]
) -> None:
    [recording] = [
        choice
        for choice in states["Valid input?"]["Choices"]
        if "may_replace" in choice.get("Assign", {})
    ]
    assert FAILS == allowed(dynamodb, recording["Assign"]["may_replace"], "FAILED")


@pytest.mark.parametrize("state", ["Record prediction", "Record error"])
def test_no_outcome_is_recorded_without_the_condition(states: dict[str, Any], state: str) -> None:
    assert "{% $may_replace %}" == states[state]["Arguments"]["ConditionExpression"]
