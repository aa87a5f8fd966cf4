"""The IAM actions that the check needs: they create nothing, and AWS charges nothing for them."""

from typing import Any

# None of them takes a resource (Service Authorization Reference). sts:GetCallerIdentity needs no
# permission. states:TestState needs no iam:PassRole, since no role is passed.
VALIDATE_POLICY = "access-analyzer:ValidatePolicy"
VALIDATE_TEMPLATE = "cloudformation:ValidateTemplate"
LIST_QUOTAS = "servicequotas:ListServiceQuotas"
TEST_STATE = "states:TestState"
VALIDATE_DEFINITION = "states:ValidateStateMachineDefinition"

ACTIONS = (VALIDATE_POLICY, VALIDATE_TEMPLATE, LIST_QUOTAS, TEST_STATE, VALIDATE_DEFINITION)


def policy() -> dict[str, Any]:
    """Return the identity policy with exactly the permissions of the check."""
    statement = {
        "Sid": "AskBeforeDeploying",
        "Effect": "Allow",
        "Action": list(ACTIONS),
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
