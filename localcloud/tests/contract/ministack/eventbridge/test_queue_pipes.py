"""A pipe delivers each message of a queue to its workflow, and returns failed messages."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from ministack.services import pipes, sqs

from localcloud.ministack.stepfunctions import workflows
from localcloud.tests.contract.conftest import (
    ACCOUNT,
    ALLOW_ALL,
    ROLE_ARN,
    STATE_MACHINE_ARN,
    WORKFLOW_ROLE_ARN,
    MiniStackInProcess,
)

QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:failures"
SUCCEED = {"End": {"Type": "Succeed"}}
FAIL = {"End": {"Type": "Fail"}}
REFUSE_BODY_7 = {
    "Which?": {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input[0].body = '7' %}", "Next": "End"}],
        "Default": "Taken",
    },
    "Taken": {"Type": "Succeed"},
    **FAIL,
}


@pytest.fixture
def queue(ministack: MiniStackInProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the queue that is the source of a pipe to the state machine "machine"."""
    monkeypatch.setattr(pipes, "_poller_started", True)  # only the tests poll
    ministack.put_role(service="pipes.amazonaws.com")
    dead = sqs._act_create_queue({"QueueName": "dead"}, "")["QueueUrl"]
    assert dead
    redrive = json.dumps(
        {"deadLetterTargetArn": QUEUE_ARN.replace("failures", "dead"), "maxReceiveCount": 2}
    )
    created = sqs._act_create_queue(
        {"QueueName": "failures", "Attributes": {"RedrivePolicy": redrive}}, ""
    )
    pipes.register_pipe(name="pipe", source=QUEUE_ARN, target=STATE_MACHINE_ARN, role_arn=ROLE_ARN)
    yield created["QueueUrl"]
    pipes.delete_pipe("pipe")


def put_target(
    ministack: MiniStackInProcess, states: Mapping[str, Any], workflow_type: str = "EXPRESS"
) -> None:
    ministack.put_role(name="workflow")
    ministack.put_state_machine(states, workflow_type, roleArn=WORKFLOW_ROLE_ARN)


def send(queue: str, *bodies: str) -> None:
    attributes = {"ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"}}
    for body in bodies:
        sqs._act_send_message(
            {"QueueUrl": queue, "MessageBody": body, "MessageAttributes": attributes}, queue
        )


def waiting(queue: str) -> list[str]:
    return [message["body"] for message in sqs._get_q(queue)["messages"]]


@pytest.fixture
def inputs(ministack: MiniStackInProcess, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the inputs of all executions that a pipe starts."""
    found: list[Any] = []
    original = workflows.deliver

    def deliver(arn: str, text: str) -> bool:
        found.append(json.loads(text))
        return original(arn, text)

    monkeypatch.setattr(workflows, "deliver", deliver)

    return found


def test_unexpected_error_in_a_pipe_does_not_stop_the_others(
    ministack: MiniStackInProcess, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise ValueError("Exceeds the limit (4300 digits)")

    put_target(ministack, SUCCEED)
    send(queue, "1")
    monkeypatch.setattr(workflows, "deliver", fail)
    pipes._poll_once()
    assert ["1"] == waiting(queue)


def test_message_is_delivered_as_a_batch_of_one_and_deleted(
    ministack: MiniStackInProcess, queue: str, inputs: list[Any]
) -> None:
    put_target(ministack, SUCCEED)
    send(queue, "1", "2")
    pipes._poll_once()
    assert [] == waiting(queue)
    assert ["1", "2"] == [record["body"] for [record] in inputs]


def test_record_has_the_format_of_pipes(
    ministack: MiniStackInProcess, queue: str, inputs: list[Any]
) -> None:
    put_target(ministack, SUCCEED)
    send(queue, "1")
    pipes._poll_once()
    [[record]] = inputs

    assert "NO_PERMISSIONS" == record["messageAttributes"]["ERROR_CODE"]["stringValue"]
    assert "aws:sqs" == record["eventSource"]
    assert QUEUE_ARN == record["eventSourceARN"]


def test_failed_message_does_not_stop_other_messages(
    ministack: MiniStackInProcess, queue: str
) -> None:
    put_target(ministack, REFUSE_BODY_7)
    send(queue, "6", "7", "8")
    pipes._poll_once()
    assert ["7"] == waiting(queue)


def test_message_that_keeps_failing_goes_to_the_dead_letter_queue(
    ministack: MiniStackInProcess, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ministack.app.interpreter.wait_scale = 0  # the message comes back at once
    put_target(ministack, FAIL)
    send(queue, "1")
    pipes._poll_once()
    assert [] == waiting(queue)
    assert ["1"] == waiting(queue.replace("failures", "dead"))


@pytest.mark.parametrize(
    "missing",
    [
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "states:StartSyncExecution",
    ],
)
def test_every_step_needs_a_permission_of_the_pipes_role(
    ministack: MiniStackInProcess, queue: str, missing: str
) -> None:
    put_target(ministack, SUCCEED)
    deny = {"Effect": "Deny", "Action": missing, "Resource": "*"}
    ministack.put_role([*ALLOW_ALL, deny], service="pipes.amazonaws.com")
    send(queue, "1")
    pipes._poll_once()
    assert ["1"] == waiting(queue)


def test_role_of_another_pipe_is_not_assumed(
    ministack: MiniStackInProcess, queue: str, inputs: list[Any]
) -> None:
    put_target(ministack, SUCCEED)
    only = {"ArnEquals": {"aws:SourceArn": f"arn:aws:pipes:us-east-1:{ACCOUNT}:pipe/another"}}
    ministack.put_role(service="pipes.amazonaws.com", condition=only)
    send(queue, "1")
    pipes._poll_once()
    assert [] == inputs


def test_pipe_without_its_queue_does_not_stop_the_others(
    ministack: MiniStackInProcess, queue: str
) -> None:
    put_target(ministack, SUCCEED)
    pipes.register_pipe(
        name="a", source=QUEUE_ARN + "-gone", target=STATE_MACHINE_ARN, role_arn=ROLE_ARN
    )
    send(queue, "1")

    try:
        pipes._poll_once()
    finally:
        pipes.delete_pipe("a")

    assert [] == waiting(queue)


def test_standard_workflow_is_started_and_not_waited_for(
    ministack: MiniStackInProcess, queue: str, inputs: list[Any]
) -> None:
    put_target(ministack, SUCCEED, "STANDARD")
    send(queue, "1")
    pipes._poll_once()
    assert [] == waiting(queue)
    assert 1 == len(inputs)
