"""An undelivered event goes to the target's dead-letter queue with the reason."""

import json
from typing import Any

import pytest
from ministack import app
from ministack.services import cloudwatch, eventbridge, sqs

from localcloud.ministack.cloudwatch.metric_store import CLOCK
from localcloud.tests.contract.conftest import WORKFLOW_ROLE_ARN

ACCOUNT_ARN = "us-east-1:000000000000"
MACHINE_ARN = f"arn:aws:states:{ACCOUNT_ARN}:stateMachine:machine"
QUEUE_ARN = f"arn:aws:sqs:{ACCOUNT_ARN}:dead-letters"
RULE_ARN = f"arn:aws:events:{ACCOUNT_ARN}:rule/uploads"
START = [{"Effect": "Allow", "Action": "states:StartExecution", "Resource": MACHINE_ARN}]
FOR_RULE = {"ArnEquals": {"aws:SourceArn": RULE_ARN}}


@pytest.fixture(autouse=True)
def rule(ministack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create a rule on "tests", its target state machine, and a queue for its dead letters."""
    monkeypatch.setattr(app, "AUTH", True)
    send = {
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE_ARN,
    }
    policy = {"Statement": [{"Effect": "Allow", **send, "Condition": FOR_RULE}]}
    sqs._act_create_queue(
        {"QueueName": "dead-letters", "Attributes": {"Policy": json.dumps(policy)}}, ""
    )
    eventbridge._ensure_default_bus()
    eventbridge._put_rule({"Name": "uploads", "EventPattern": json.dumps({"source": ["tests"]})})
    target = {
        "Id": "workflow",
        "Arn": MACHINE_ARN,
        "RoleArn": "arn:aws:iam::000000000000:role/actor",
        "DeadLetterConfig": {"Arn": QUEUE_ARN},
    }
    eventbridge._put_targets({"Rule": "uploads", "Targets": [target]})
    ministack.put_role(START, service="events.amazonaws.com", condition=FOR_RULE)
    ministack.put_role(name="workflow")
    states = {"Only": {"Type": "Pass", "End": True}}
    ministack.put_state_machine(states, roleArn=WORKFLOW_ROLE_ARN)


def _put_event() -> None:
    eventbridge._put_events(
        {"Entries": [{"Source": "tests", "DetailType": "Test", "Detail": '{"key": "é #"}'}]}
    )


def _dead_letters() -> list[dict[str, Any]]:
    return list(sqs._queue_by_arn(QUEUE_ARN)["messages"])


def _attributes() -> dict[str, str]:
    (message,) = _dead_letters()
    return {name: value["StringValue"] for name, value in message["message_attributes"].items()}


def test_event_with_everything_in_place_starts_the_workflow(ministack: Any) -> None:
    _put_event()
    assert [{"key": "é #"}] == [
        json.loads(one.input)["detail"] for one in ministack.app.store.executions.values()
    ]
    assert [] == _dead_letters()


def test_event_whose_input_is_not_json_goes_to_the_queue(ministack: Any) -> None:
    target = {
        "Id": "workflow",
        "Arn": MACHINE_ARN,
        "RoleArn": "arn:aws:iam::000000000000:role/actor",
        "DeadLetterConfig": {"Arn": QUEUE_ARN},
        "InputTransformer": {
            "InputPathsMap": {"key": "$.detail.key"},
            "InputTemplate": "key: <key>",
        },
    }
    eventbridge._put_targets({"Rule": "uploads", "Targets": [target]})
    _put_event()

    assert "INVALID_JSON" == _attributes()["ERROR_CODE"]
    assert {} == ministack.app.store.executions


def test_event_whose_delivery_raises_an_unexpected_error_goes_to_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_arn: str, _payload: str) -> None:
        raise ValueError("Exceeds the limit (4300 digits)")

    monkeypatch.setattr(eventbridge, "_dispatch_to_stepfunctions", fail)
    _put_event()
    assert "INTERNAL_ERROR" == _attributes()["ERROR_CODE"]
    assert "ValueError: Exceeds the limit (4300 digits)" == _attributes()["ERROR_MESSAGE"]


@pytest.mark.parametrize(("allowed", "started"), [(START, 1), ([], 0)])
def test_schedule_starts_the_workflow_in_the_role_of_its_target(
    ministack: Any, monkeypatch: pytest.MonkeyPatch, allowed: list[dict[str, str]], started: int
) -> None:
    ministack.put_role(allowed, service="events.amazonaws.com", condition=FOR_RULE)
    eventbridge._tick_scheduled_rules()
    eventbridge._rule_last_fired.clear()
    eventbridge._put_rule({"Name": "uploads", "ScheduleExpression": "rate(5 minutes)"})
    monkeypatch.setattr(CLOCK, "ahead", 301.0)
    eventbridge._tick_scheduled_rules()
    inputs = [json.loads(one.input) for one in ministack.app.store.executions.values()]
    assert ["Scheduled Event"] * started == [event["detail-type"] for event in inputs]
    assert 1 - started == len(_dead_letters())


def test_event_for_a_missing_target_is_stored_unchanged(ministack: Any) -> None:
    ministack.app.store.clear()
    _put_event()
    (message,) = _dead_letters()
    assert {"key": "é #"} == json.loads(message["body"])["detail"]


def test_event_for_a_missing_target_names_rule_target_and_reason(ministack: Any) -> None:
    ministack.app.store.clear()
    _put_event()
    expected = {
        "RULE_ARN": RULE_ARN,
        "TARGET_ARN": MACHINE_ARN,
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": f"The target {MACHINE_ARN} does not exist.",
    }

    assert expected == _attributes()


def test_event_whose_role_may_not_start_the_workflow_has_no_permissions(ministack: Any) -> None:
    ministack.put_role([], service="events.amazonaws.com", condition=FOR_RULE)
    _put_event()
    assert "NO_PERMISSIONS" == _attributes()["ERROR_CODE"]
    assert {} == ministack.app.store.executions


def test_event_whose_role_trusts_another_rule_cannot_assume_it(ministack: Any) -> None:
    ministack.put_role(
        START, "events.amazonaws.com", {"ArnEquals": {"aws:SourceArn": RULE_ARN + "-other"}}
    )
    _put_event()
    assert "FAILED_TO_ASSUME_ROLE" == _attributes()["ERROR_CODE"]


def test_event_for_a_queue_that_does_not_let_eventbridge_send_has_no_permissions() -> None:
    closed = QUEUE_ARN.replace("dead-letters", "closed")
    sqs._act_create_queue({"QueueName": "closed"}, "")
    target = {"Id": "workflow", "Arn": closed, "DeadLetterConfig": {"Arn": QUEUE_ARN}}
    eventbridge._put_targets({"Rule": "uploads", "Targets": [target]})
    _put_event()

    assert "NO_PERMISSIONS" == _attributes()["ERROR_CODE"]
    assert [] == list(sqs._queue_by_arn(closed)["messages"])


def test_event_is_lost_if_the_queue_does_not_let_eventbridge_send(ministack: Any) -> None:
    sqs._queue_by_arn(QUEUE_ARN)["attributes"]["Policy"] = ""
    ministack.app.store.clear()
    _put_event()
    assert [] == _dead_letters()


def _counts() -> dict[str, float]:
    """Return the count of each metric of the rule."""
    dimensions = cloudwatch._dims_key({"RuleName": "uploads"})
    return {
        name: sum(point["Count"] for point in points)
        for (namespace, name, of), points in cloudwatch._metrics.items()
        if (namespace, of) == ("AWS/Events", dimensions)
    }


def test_delivered_event_is_not_counted_as_a_failure() -> None:
    _put_event()
    assert {} == _counts()


def test_undelivered_event_is_counted_as_failed_and_as_sent_to_the_queue(ministack: Any) -> None:
    ministack.app.store.clear()
    _put_event()
    assert {"FailedInvocations": 1, "InvocationsSentToDlq": 1} == _counts()


def test_event_that_its_dead_letter_queue_refuses_is_counted_as_lost(ministack: Any) -> None:
    ministack.app.store.clear()
    sqs._queue_by_arn(QUEUE_ARN)["attributes"]["Policy"] = ""
    _put_event()
    assert {"FailedInvocations": 1, "InvocationsFailedToBeSentToDlq": 1} == _counts()


def test_undelivered_event_without_a_queue_is_counted_as_failed(ministack: Any) -> None:
    ministack.app.store.clear()
    role = "arn:aws:iam::000000000000:role/actor"
    eventbridge._put_targets(
        {"Rule": "uploads", "Targets": [{"Id": "workflow", "Arn": MACHINE_ARN, "RoleArn": role}]}
    )
    _put_event()

    assert {"FailedInvocations": 1} == _counts()
