"""Executions, invocations and queues have metrics as on AWS."""

from typing import Any

import pytest
from ministack.services import cloudwatch, lambda_svc, sqs

from localcloud.ministack.cloudwatch.metric_store import CLOCK
from localcloud.tests.contract.conftest import STATE_MACHINE_ARN

FUNCTION = {
    "config": {
        "FunctionName": "one",
        "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:one",
    }
}


def total(namespace: str, name: str, **dimensions: str) -> float | None:
    points = cloudwatch._metrics.get((namespace, name, cloudwatch._dims_key(dimensions))) or []
    return sum(point["Value"] * point["Count"] for point in points) if points else None


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({"Type": "Succeed"}, {"ExecutionsSucceeded": 1}),
        ({"Type": "Fail", "Error": "Broken"}, {"ExecutionsFailed": 1}),
    ],
)
def test_execution_is_counted_by_its_end(
    ministack: Any, last: dict[str, str], expected: dict[str, int]
) -> None:
    ministack.run({"Last": last})
    names = ("ExecutionsSucceeded", "ExecutionsFailed")
    found = {name: total("AWS/States", name, StateMachineArn=STATE_MACHINE_ARN) for name in names}
    assert expected == {name: count for name, count in found.items() if count}


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"body": {}}, {"Invocations": 1, "Errors": 0, "Throttles": 0}),
        ({"body": {}, "error": True}, {"Invocations": 1, "Errors": 1, "Throttles": 0}),
        (
            {"body": {}, "error": True, "throttle": True},
            {"Invocations": None, "Errors": None, "Throttles": 1},
        ),
    ],
)
def test_invocations_of_all_callers_are_counted(
    ministack: Any,
    monkeypatch: pytest.MonkeyPatch,
    result: dict[str, Any],
    expected: dict[str, float | None],
) -> None:
    monkeypatch.setattr(lambda_svc, "_execute_function_dispatch", lambda *_: result)
    lambda_svc._execute_function(FUNCTION, {})
    assert expected == {name: total("AWS/Lambda", name, FunctionName="one") for name in expected}


@pytest.mark.usefixtures("ministack")
def test_queue_has_metrics_of_waiting_messages_and_their_age() -> None:
    url = sqs._act_create_queue({"QueueName": "letters"}, "")["QueueUrl"]
    sqs._act_send_message({"QueueUrl": url, "MessageBody": "one"}, url)
    cloudwatch._evaluate_all_alarms()
    CLOCK.put_ahead(7200)
    cloudwatch._evaluate_all_alarms()

    assert 2 == total("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName="letters")
    assert 7200 == round(
        total("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName="letters") or 0
    )
