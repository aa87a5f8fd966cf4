"""Condition keys of writes to DynamoDB and of events."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud

NAME = "condition-keys"
TABLE = f"arn:aws:dynamodb:us-east-1:000000000000:table/{NAME}"
NAMED = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["id", "lease"]}}
PRESENT = {"Null": {"dynamodb:Attributes": "false"}}
UPDATE = {"Effect": "Allow", "Action": "dynamodb:UpdateItem", "Resource": TABLE}
PUT = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": TABLE}

type ClientOfUser = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def table(cloud: Cloud) -> Iterator[None]:
    dynamodb = cloud.client("dynamodb")
    dynamodb.create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    yield
    dynamodb.delete_table(TableName=NAME)


def update(expression: str, **more: Any) -> dict[str, Any]:
    values = {":value": {"S": "any"}}
    return {
        "TableName": NAME,
        "Key": {"id": {"S": "1"}},
        "UpdateExpression": expression,
        "ExpressionAttributeValues": values,
        **more,
    }


def is_denied(call: Callable[..., Any], **request: Any) -> bool:
    try:
        call(**request)
    except ClientError as exc:
        return "AccessDeniedException" == exc.response["Error"]["Code"]
    return False


@pytest.mark.parametrize(
    ("denied", "request_"),
    [
        (False, update("SET lease = :value")),
        (True, update("SET outcome = :value")),
        (True, update("SET lease = :value, outcome = :value")),
        (True, update("SET #n = :value", ExpressionAttributeNames={"#n": "outcome"})),
        (True, update("SET lease = :value REMOVE outcome.part")),
        (True, update("SET lease = :value", ConditionExpression="outcome <> :value")),
        (False, update("SET lease = :value", ConditionExpression="attribute_exists(id)")),
    ],
)
def test_update_of_attributes_that_a_policy_does_not_name_is_denied(
    client_of_user: ClientOfUser, denied: bool, request_: dict[str, Any]
) -> None:
    client = client_of_user("dynamodb", PUT, {**UPDATE, "Condition": {**NAMED, **PRESENT}})
    client.put_item(TableName=NAME, Item={"id": {"S": "1"}, "outcome": {"M": {}}})
    assert denied == is_denied(client.update_item, **request_)


@pytest.mark.parametrize(("denied", "attribute"), [(False, "lease"), (True, "outcome")])
def test_item_of_a_transaction_is_decided_by_its_own_attributes(
    client_of_user: ClientOfUser, denied: bool, attribute: str
) -> None:
    client = client_of_user("dynamodb", PUT, {**UPDATE, "Condition": {**NAMED, **PRESENT}})
    put = {"TableName": NAME, "Item": {"id": {"S": "2"}, "answer": {"S": "any"}}}
    items = [{"Put": put}, {"Update": update(f"SET {attribute} = :value")}]
    assert denied == is_denied(client.transact_write_items, TransactItems=items)


@pytest.mark.parametrize(
    ("denied", "sources"), [(False, ["tests"]), (True, ["others"]), (True, ["tests", "others"])]
)
def test_every_event_is_decided_by_its_source(
    client_of_user: ClientOfUser, denied: bool, sources: list[str]
) -> None:
    condition = {"StringEquals": {"events:source": "tests", "events:detail-type": "Test"}}
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"}
    client = client_of_user("events", {**statement, "Condition": condition})
    entries = [{"Source": source, "DetailType": "Test", "Detail": "{}"} for source in sources]
    assert denied == is_denied(client.put_events, Entries=entries)
