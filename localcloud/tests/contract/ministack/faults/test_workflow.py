"""Faults affect the calls of a workflow in MiniStack."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ministack.services import dynamodb, eventbridge

from localcloud.faults.plan import Plan
from localcloud.faults.workflow import subject_of_task
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.surroundings import TaskCall
from localcloud.tests.contract.injected import Injected, injected

ACCOUNT_ARN = "us-east-1:000000000000"
MACHINE_ARN = f"arn:aws:states:{ACCOUNT_ARN}:stateMachine:machine"
KEY = "orders/a b.png"
INPUT = {"picture": f"s3://images/{KEY}"}


class Calls:
    """Count the running calls."""

    def __init__(self, faults: Injected) -> None:
        self._intercept = faults.workflow.intercept
        self.under_way = 0

    def intercept(self, call: TaskCall) -> Any:
        self.under_way += 1
        try:
            return self._intercept(call)
        finally:
            self.under_way -= 1


@pytest.fixture(autouse=True)
def faults(ministack: Any) -> Iterator[Injected]:
    ministack.put_role()
    with injected() as faults:
        ministack.calls = Calls(faults)
        ministack.intercept(ministack.calls.intercept)
        yield faults


def _task(service: str, arguments: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{service}",
        "Arguments": arguments,
        **fields,
    }


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


def test_execution_without_a_subject_gets_no_fault(ministack: Any, faults: Injected) -> None:
    faults.injector.follow(
        Plan(rates={"dynamodb-throttled": 1, "execution-aborted": 1}, subject_members=("picture",))
    )
    assert (
        "SUCCEEDED"
        == ministack.run({"Call": {**CALLS["putItem"], "End": True}}, {"prefix": "archive/"}).status
    )


def test_express_execution_is_not_ended(ministack: Any, faults: Injected) -> None:
    faults.injector.follow(Plan(rates={"execution-aborted": 1}, subject_members=("picture",)))
    ministack.put_state_machine({"Call": {**CALLS["putItem"], "End": True}}, kind="EXPRESS")
    assert "SUCCEEDED" == ministack.app.interpreter.run(MACHINE_ARN, json.dumps(INPUT)).status


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
def test_ended_execution_makes_no_further_call_and_is_announced(
    ministack: Any,
    faults: Injected,
    kind: str,
    status: str,
    first: int,
    records: int,
    announced: int,
) -> None:
    faults.strike(kind, first)
    execution = _started(ministack)
    changes = [
        json.loads(event["Detail"])["status"]
        for event in eventbridge._events_log_list()
        if event["Source"] == "aws.states"
    ]

    assert status == execution.status
    assert records == _records()
    assert announced == _announced()
    assert ["RUNNING", status] == changes


def test_failing_call_of_an_execution_that_was_aborted_does_not_end_it_again(
    ministack: Any, faults: Injected
) -> None:
    faults.strike("execution-aborted-mid-call")
    dynamodb._delete_table({"TableName": "records"})
    assert "ABORTED" == _started(ministack).status


def _started(ministack: Any) -> Execution:
    """Run an execution that writes and then announces, and return it after its end."""
    ministack.put_state_machine(
        {
            "Write": {**CALLS["putItem"], "Next": "Announce"},
            "Announce": {**CALLS["putEvents"], "End": True},
        }
    )
    execution: Execution = ministack.start(INPUT)
    assert execution.ended.wait(5)
    deadline = time.monotonic() + 5

    while ministack.calls.under_way:  # a call may continue after the end of its execution
        assert time.monotonic() < deadline, execution
        time.sleep(0.001)

    return execution


def test_code_outside_a_task_has_no_subject() -> None:
    assert subject_of_task() is None
