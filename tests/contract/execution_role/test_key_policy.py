"""The key's policy at the longest name that the service's stack may have."""

import pytest

from local.server.settings import ACCOUNT, REGION
from tests.contract.execution_role.stack import Stack
from tests.workflow.least_privilege.policies import Call, Policies, Statement

STACK = Stack("a-service-with-a-long-name"[:25])
QUEUES = [resource for resource in STACK.resources if resource.type == "AWS::SQS::Queue"]
# The rule that sends to each queue, or whose failures go there.
RULES = {"FailureQueue": "uploads", "FailureDeadLetterQueue": "failures", "DecisionDeadLetterQueue": "decisions"}


def test_every_queue_has_its_rule() -> None:
    assert set(RULES) == {queue.logical_id for queue in QUEUES}


@pytest.mark.parametrize("logical_id", RULES)
@pytest.mark.parametrize("action", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_eventbridge_may_encrypt_for_every_queue_under_its_generated_name(logical_id: str, action: str) -> None:
    key, queue = STACK.named("EncryptionKey").arn, STACK.named(logical_id)
    policies = Policies(Statement("EncryptionKey", key, body) for body in STACK.key_policy)
    conditions = {
        ("aws:sourceaccount", ACCOUNT),
        ("aws:sourcearn", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{STACK.name}-{RULES[logical_id]}"),
        ("kms:encryptioncontext:aws:sqs:arn", queue.arn),
    }
    assert policies.allows(Call("events.amazonaws.com", action, key, frozenset(conditions)))
