"""A service whose results table can be filled with records."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.service import OUTPUTS
from tests.unit.training.fake_clients import with_fakes
from training.steps.context import Context

TABLE, STACK = "results", "scones"
NOW = datetime(2030, 1, 2, tzinfo=UTC)
type Record = Callable[..., None]


class FakeCloudFormation:
    """Describe one stack with a results table; without a table, no stack exists."""

    meta = SimpleNamespace(region_name="us-east-1")

    def __init__(self, table: str | None = None) -> None:
        self.table = table

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        if self.table is None:
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": "does not exist"}},
                "DescribeStacks",
            )
        named = dict.fromkeys(OUTPUTS.values(), "") | {OUTPUTS["results_table"]: self.table}
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in named.items()]
        return {"Stacks": [{"Outputs": outputs}]}


@pytest.fixture
def cloudformation() -> FakeCloudFormation:
    """An account without the service's stack; moto's CloudFormation needs an OpenAPI validator."""
    return FakeCloudFormation()


@pytest.fixture
def account_context(context: Context, cloudformation: FakeCloudFormation) -> Context:
    """A step's context, in an account whose stacks are the fake's."""
    return with_fakes(context, cloudformation=cloudformation)


@pytest.fixture
def record(context: Context, cloudformation: FakeCloudFormation) -> Record:
    """Record the decision on another image, some minutes ago, in the results table."""
    keys = {"image_url": "HASH", "version": "RANGE"}
    properties: dict[str, Any] = {
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in keys],
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    }
    context.aws.dynamodb.create_table(**properties)
    cloudformation.table = TABLE
    return _writer(context)


def _writer(context: Context) -> Record:
    written: list[str] = []

    def write(
        classification: str = "car",
        confidence: float = 0.9,
        threshold: float = 0.8,
        minutes: int = 0,
        endpoint: str = context.names.endpoint,
        variant: str = "AllTraffic",
    ) -> None:
        written.append(f"s3://photos/uploads/{len(written)}.jpg")
        recorded_at = f"{NOW - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S}.123Z"
        texts = {
            "image_url": written[-1],
            "version": "1",
            "classification": classification,
            "outcome": "ACCEPTED" if confidence >= threshold else "REVIEW",
            "endpoint": endpoint,
            "variant": variant,
            "recorded_at": recorded_at,
        }
        numbers = {"confidence_score": str(confidence), "confidence_threshold": str(threshold)}
        item = {name: {"S": text} for name, text in texts.items()} | {
            name: {"N": n} for name, n in numbers.items()
        }
        context.aws.dynamodb.put_item(TableName=TABLE, Item=item)

    return write
