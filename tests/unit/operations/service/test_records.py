"""Records: finding many, and tables that are throttled."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from operations.service import records
from operations.service.context import Context
from tests.unit.operations.in_memory import Account


def test_more_records_than_one_call_takes_are_found(account: Account) -> None:
    for number in range(120):
        account.record(f"uploads/{number}", "v", outcome="REVIEW")
    keys = [(f"s3://images/uploads/{number}", "v") for number in (0, 0, *range(150))]
    assert 120 == len(list(records.find(account.context, keys)))


def test_keys_that_a_throttled_table_left_out_are_asked_for_again(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.table_items.sleep", lambda _seconds: None)
    table, asked = account.context.service.results_table, []

    def batch_get_item(*, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        keys = RequestItems[table]["Keys"]
        asked.append(len(keys))
        rest = {table: RequestItems[table] | {"Keys": keys[1:]}} if keys[1:] else {}
        return {
            "Responses": {table: [keys[0] | {"uploaded_at": {"S": "now"}}]},
            "UnprocessedKeys": rest,
        }

    aws: Any = SimpleNamespace(dynamodb=SimpleNamespace(batch_get_item=batch_get_item))
    context = Context(aws, account.context.stack, account.context.console)
    vars(context)["service"] = account.context.service
    found = list(records.find(context, [("a", "1"), ("b", "1"), ("c", "1")]))
    assert [3, 2, 1] == asked
    assert {"a", "b", "c"} == {record.image_url for record in found}


@pytest.mark.parametrize(
    ("outcome", "minutes", "expected"),
    [(None, 1, True), (None, 20, False), ("FAILED", 1, True), ("REVIEW", 1, False)],
)
def test_record_counts_as_worked_on_for_15_minutes(
    account: Account, outcome: str | None, minutes: int, expected: bool
) -> None:
    decided = {"outcome": outcome} if outcome else {}
    account.record("uploads/a", "v", opened=timedelta(minutes=minutes), **decided)
    [record] = records.scan(account.context, "uploads/")
    assert expected is record.is_worked_on()
