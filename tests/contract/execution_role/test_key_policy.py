"""The key's policy at the longest name that the service's stack may have."""

import pytest

from localcloud.server.settings import ACCOUNT, REGION
from tests.contract.execution_role.stack import Stack
from tests.workflow.least_privilege.policies import Call, Policies, Statement

STACK = Stack("a-service-with-a-long-name"[:25])
QUEUES = [resource.logical_id for resource in STACK.resources if resource.type == "AWS::SQS::Queue"]


def test_stack_has_its_three_queues() -> None:
    assert {
        "FailureQueue",
        "FailureDeadLetterQueue",
        "ReviewDeadLetterQueue",
        "DecisionDeadLetterQueue",
    } == set(QUEUES)


def allows(service: str, action: str, context_key: str, arn: str) -> bool:
    """Return whether the key's policy allows a call that carries nothing but an encryption context.

    AWS documents neither aws:SourceAccount nor aws:SourceArn for these calls.
    """
    key = STACK.named("EncryptionKey").arn
    policies = Policies(Statement("EncryptionKey", key, body) for body in STACK.key_policy)
    return policies.allows(Call(service, action, key, frozenset({(context_key, arn)})))


@pytest.mark.parametrize("logical_id", QUEUES)
@pytest.mark.parametrize("action", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_eventbridge_may_encrypt_for_every_queue_under_its_generated_name(
    logical_id: str, action: str
) -> None:
    queue = STACK.named(logical_id).arn
    assert allows("events.amazonaws.com", action, "kms:encryptioncontext:aws:sqs:arn", queue)
    another = queue.replace(f":{STACK.name}", ":another")
    assert not allows("events.amazonaws.com", action, "kms:encryptioncontext:aws:sqs:arn", another)


@pytest.mark.parametrize("action", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_cloudwatch_may_encrypt_for_the_topic_of_alarms_alone(action: str) -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{STACK.name}-alarms"
    assert allows(
        "cloudwatch.amazonaws.com", action, "kms:encryptioncontext:aws:sns:topicarn", topic
    )
    assert not allows(
        "cloudwatch.amazonaws.com", action, "kms:encryptioncontext:aws:sns:topicarn", f"{topic}-2"
    )
