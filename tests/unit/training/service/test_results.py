"""Read the results table."""

from datetime import timedelta
from typing import Any

from tests.unit.training.results_records import NOW, STACK, TABLE, FakeCloudFormation, Record
from training.service.results import Results, read_results, results_table
from training.steps.context import Context

YESTERDAY = NOW - timedelta(days=1)


def test_results_table_is_the_one_that_the_stack_names() -> None:
    stacks: Any = FakeCloudFormation(TABLE)
    assert TABLE == results_table(stacks, STACK)


def test_results_table_of_a_service_that_is_not_deployed_is_none() -> None:
    stacks: Any = FakeCloudFormation()
    assert results_table(stacks, STACK) is None


def newest(context: Context, variant: str | None = None, most: int = 9) -> Results:
    return read_results(
        context.aws.dynamodb, TABLE, context.names.endpoint, variant, YESTERDAY, most
    )


def test_read_results_takes_the_newest_decisions_first(context: Context, record: Record) -> None:
    for minutes, name in ((3, "car"), (1, "bus"), (2, "truck")):
        record(name, 0.5 + minutes / 10, minutes=minutes)
    decisions = newest(context, most=2).decisions
    assert ["bus", "truck"] == decisions.classes
    assert [0.6, 0.7] == decisions.confidences


def test_read_results_leaves_out_older_failed_and_unrelated_records(
    context: Context, record: Record
) -> None:
    record("car")
    record("bus", minutes=2 * 24 * 60)
    record("bus", endpoint="another")
    failed = {
        "image_url": {"S": "s3://photos/uploads/failed.jpg"},
        "version": {"S": "1"},
        "outcome": {"S": "FAILED"},
    }
    context.aws.dynamodb.put_item(
        TableName=TABLE, Item=failed | {"recorded_at": {"S": f"{NOW:%Y-%m-%dT%H:%M:%S}Z"}}
    )
    assert ["car"] == newest(context).decisions.classes


def test_read_results_of_a_variant_leaves_out_other_variants(
    context: Context, record: Record
) -> None:
    record("car")
    record("bus", variant="b")
    assert ["car"] == newest(context, "AllTraffic").decisions.classes


def test_read_results_tells_the_usual_threshold_of_each_class(
    context: Context, record: Record
) -> None:
    for threshold in (0.8, 0.95, 0.95):
        record("car", 0.9, threshold)
    record("truck", 0.9, 0.7)
    assert {"car": 0.95, "truck": 0.7} == newest(context).thresholds
