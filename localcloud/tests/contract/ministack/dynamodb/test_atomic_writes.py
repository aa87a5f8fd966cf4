"""Only one of several executions creates an item under a condition."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ministack.services import dynamodb

WRITERS = 4


@pytest.mark.usefixtures("ministack")
def test_only_one_of_many_threads_creates_an_item(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = {"AttributeName": "file_link", "KeyType": "HASH"}
    attribute = {"AttributeName": "file_link", "AttributeType": "S"}
    table = {"TableName": "results", "KeySchema": [key], "AttributeDefinitions": [attribute]}
    dynamodb._create_table(table | {"BillingMode": "PAY_PER_REQUEST"})
    evaluate = dynamodb._evaluate_condition

    def hesitate(*arguments: Any) -> Any:
        held = evaluate(*arguments)
        others.submit(int).result()  # the other threads run meanwhile, if nothing blocks them
        return held

    monkeypatch.setattr(dynamodb, "_evaluate_condition", hesitate)
    item = {"TableName": "results", "Item": {"file_link": {"S": "a"}}}
    item["ConditionExpression"] = "attribute_not_exists(file_link)"

    with ThreadPoolExecutor(WRITERS) as writers, ThreadPoolExecutor(1) as others:
        statuses = list(writers.map(lambda _number: dynamodb._put_item(item)[0], range(WRITERS)))

    dynamodb._delete_table({"TableName": "results"})
    assert {200: 1, 400: WRITERS - 1} == Counter(statuses)
