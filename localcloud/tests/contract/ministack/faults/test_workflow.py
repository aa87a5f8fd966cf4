"""Faults inside MiniStack, in this process: the calls of a workflow, and the events that start it."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ministack.services import dynamodb, eventbridge, stepfunctions

from localcloud.faults.plan import Plan
from localcloud.ministack.faults.workflow import subject_of_task
from localcloud.tests.contract.injected import Injected, injected

ACCOUNT_ARN = "us-east-1:000000000000"
MACHINE_ARN = f"arn:aws:states:{ACCOUNT_ARN}:stateMachine:machine"
KEY = "orders/a b.png"
INPUT = {"picture": f"s3://images/{KEY}"}


@pytest.fixture(autouse=True)
def faults(ministack: Any) -> Iterator[Injected]:
    ministack.put_role()
    with injected() as faults:
        yield faults


def _task(service: str, arguments: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{service}", "Arguments": arguments, **fields}


WRITE = {"TableName": "records", "Item": {"id": {"S": "1"}}}
READ = {"TableName": "records", "Key": {"id": {"S": "1"}}}
ANNOUNCE = {"Entries": [{"Source": "tests", "DetailType": "Decided", "Detail": {"id": "1"}}]}
CALLS = {
    "putItem": _task("dynamodb:putItem", WRITE, TimeoutSeconds=10),
    "getItem": _task("dynamodb:getItem", READ),
    "putEvents": _task("events:putEvents", ANNOUNCE),
}


def _records() -> int:
    return len(json.loads(dynamodb._scan({"TableName": "records"})[2])["Items"])


def _announced() -> int:
    return sum(event["Source"] == "tests" for event in eventbridge._events_log_list())


@pytest.fixture(autouse=True)
def table(ministack: Any) -> None:
    key = {"AttributeName": "id", "KeyType": "HASH"}
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    dynamodb._create_table(
        {
            "TableName": "records",
            "KeySchema": [key],
            "AttributeDefinitions": [attribute],
            "BillingMode": "PAY_PER_REQUEST",
        }
    )


@pytest.mark.parametrize(
    ("kind", "call", "error", "happened"),
    [
        ("dynamodb-throttled", "putItem", "DynamoDB.ProvisionedThroughputExceededException", 0),
        ("dynamodb-throttled", "getItem", "DynamoDB.ProvisionedThroughputExceededException", 0),
        ("dynamodb-answer-lost", "putItem", "DynamoDB.SdkClientException", 1),
        ("dynamodb-timed-out", "putItem", "States.Timeout", 1),
        ("put-events-failed", "putEvents", "EventBridge.FailedEntry", 0),
        ("put-events-answer-lost", "putEvents", "EventBridge.SdkClientException", 1),
    ],
)
def test_call_of_a_workflow_fails_with_or_without_its_effect(
    ministack: Any, faults: Injected, kind: str, call: str, error: str, happened: int
) -> None:
    faults.strike(kind)
    execution = ministack.run({"Call": {**CALLS[call], "End": True}}, INPUT)
    assert "FAILED" == execution.status
    assert error == execution.error
    assert happened == _records() + _announced()


def test_execution_about_no_image_is_spared(ministack: Any, faults: Injected) -> None:
    faults.injector.follow(Plan(rates={"dynamodb-throttled": 1, "execution-aborted": 1}))
    assert "SUCCEEDED" == ministack.run({"Call": {**CALLS["putItem"], "End": True}}, {"prefix": "archive/"}).status


def test_synchronous_execution_is_not_ended(ministack: Any, faults: Injected) -> None:
    faults.injector.follow(Plan(rates={"execution-aborted": 1}))
    assert "SUCCEEDED" == ministack.run({"Call": {**CALLS["putItem"], "End": True}}, INPUT).status


@pytest.mark.parametrize(
    ("kind", "status", "first", "records", "announced"),
    [
        ("execution-aborted", "ABORTED", 1, 0, 0),
        ("execution-aborted", "ABORTED", 2, 1, 0),
        ("execution-aborted-mid-call", "ABORTED", 1, 1, 0),
        ("execution-aborted-mid-call", "ABORTED", 2, 1, 1),
        ("execution-timed-out", "TIMED_OUT", 2, 1, 0),
    ],
)
def test_execution_that_is_ended_makes_no_further_call_and_tells_of_its_end(
    ministack: Any, faults: Injected, kind: str, status: str, first: int, records: int, announced: int
) -> None:
    faults.strike(kind, first)
    record = _started(ministack)
    changes = [
        json.loads(event["Detail"])["status"]
        for event in eventbridge._events_log_list()
        if event["Source"] == "aws.states"
    ]
    assert status == record["status"]
    assert records == _records()
    assert announced == _announced()
    assert ["RUNNING", status] == changes


def test_failing_call_of_an_execution_that_was_aborted_does_not_end_it_again(ministack: Any, faults: Injected) -> None:
    faults.strike("execution-aborted-mid-call")
    dynamodb._delete_table({"TableName": "records"})
    assert "ABORTED" == _started(ministack)["status"]


def _started(ministack: Any) -> dict[str, Any]:
    """The record of an execution that writes, then announces; once it has ended and its thread is gone."""
    ministack.put_state_machine(
        {"Write": {**CALLS["putItem"], "Next": "Announce"}, "Announce": {**CALLS["putEvents"], "End": True}}
    )
    stepfunctions._start_execution({"stateMachineArn": MACHINE_ARN, "name": "it", "input": json.dumps(INPUT)})
    record: dict[str, Any] = stepfunctions._executions[MACHINE_ARN.replace("stateMachine", "execution") + ":it"]
    deadline = time.monotonic() + 5
    while record["status"] == "RUNNING" or record["events"][-1]["type"] == "ExecutionAborted":
        assert time.monotonic() < deadline, record
        time.sleep(0.01)
    return record


def test_outside_a_task_there_is_no_subject() -> None:
    assert subject_of_task() is None
