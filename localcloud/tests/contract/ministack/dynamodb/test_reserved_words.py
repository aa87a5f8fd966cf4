"""DynamoDB refuses reserved words in every expression, even if the table is empty."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import dynamodb
from ministack.services._dynamodb_keywords import AWS_KEYWORDS

KEY = {"k": {"S": "a"}}
VALUE = {":v": {"S": "x"}}


@pytest.fixture(autouse=True)
def table(ministack: Any) -> Iterator[None]:
    dynamodb._create_table(
        {
            "TableName": "results",
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
    )
    yield
    dynamodb.reset()


def request(operation: str, **members: Any) -> tuple[int, Any]:
    status, _, body = getattr(dynamodb, operation)({"TableName": "results", **members})
    return status, json.loads(body)


def refusal(expression: str, word: str) -> str:
    return f"Invalid {expression}: Attribute name is a reserved keyword; reserved keyword: {word}"


@pytest.mark.parametrize(
    ("operation", "members", "word"),
    [
        (
            "_put_item",
            {"Item": KEY, "ConditionExpression": "attribute_not_exists(status)"},
            "status",
        ),
        ("_delete_item", {"Key": KEY, "ConditionExpression": "attribute_exists(size)"}, "size"),
        ("_update_item", {"Key": KEY, "UpdateExpression": "REMOVE a.Status"}, "Status"),
        ("_get_item", {"Key": KEY, "ProjectionExpression": "k, ttl"}, "ttl"),
        ("_scan", {"ProjectionExpression": "k, ttl"}, "ttl"),
        (
            "_scan",
            {"FilterExpression": "status = :v", "ExpressionAttributeValues": VALUE},
            "status",
        ),
        (
            "_query",
            {"KeyConditionExpression": "hash = :v", "ExpressionAttributeValues": VALUE},
            "hash",
        ),
    ],
)
def test_reserved_word_in_an_expression_is_refused(
    operation: str, members: dict[str, Any], word: str
) -> None:
    [name] = [member for member in members if member.endswith("Expression")]
    status, answer = request(operation, **members)
    assert 400 == status
    assert "ValidationException" == answer["__type"]
    assert refusal(name, word) == answer["message"]


def test_reserved_word_in_a_batch_read_is_refused() -> None:
    tables = {"results": {"Keys": [KEY], "ProjectionExpression": "status"}}
    assert (
        refusal("ProjectionExpression", "status")
        == request("_batch_get_item", RequestItems=tables)[1]["message"]
    )


def test_reserved_word_in_a_transaction_is_refused() -> None:
    put = {
        "TableName": "results",
        "Item": KEY,
        "ConditionExpression": "attribute_not_exists(status)",
    }
    answer = request("_transact_write_items", TransactItems=[{"Put": put}])[1]

    assert refusal("ConditionExpression", "status") == answer["message"]


@pytest.mark.parametrize(
    "members",
    [
        {"FilterExpression": "size(a) > :v AND NOT b IN (:v)"},
        {"FilterExpression": "#s = :v", "ExpressionAttributeNames": {"#s": "status"}},
        {"FilterExpression": "statuses = :v"},
    ],
)
def test_expression_without_reserved_words_is_allowed(members: dict[str, Any]) -> None:
    assert 200 == request("_scan", ExpressionAttributeValues=VALUE, **members)[0]


def test_clauses_of_an_update_are_not_attribute_names() -> None:
    members = {"UpdateExpression": "SET a = :v REMOVE b", "ExpressionAttributeValues": VALUE}
    assert 200 == request("_update_item", Key=KEY, **members)[0]


def test_list_of_reserved_words_has_the_length_of_aws_list() -> None:
    assert 573 == len(AWS_KEYWORDS)
