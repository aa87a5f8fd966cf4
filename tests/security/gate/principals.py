"""Check the principals of trust policies and of policies of keys, queues and endpoints."""

from collections.abc import Iterator
from typing import Any

from tests.security.gate.templates import Finding, Statement, Template, listed

# With these a key is used, not administered.
USES_OF_A_KEY = {
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:CreateGrant",
}
# What keeps a statement for everybody within the account.
OWN_ACCOUNT = ({"aws:PrincipalAccount"}, {"kms:CallerAccount", "kms:ViaService"})
# Services that use a key without aws:SourceArn and aws:SourceAccount, or without a documented use
# of both. The encryption context has the ARN of our log group, queue or topic, whose own policy
# names the source.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html (no condition for a key)
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html ("not supported")
ENCRYPTED_FOR = {
    "logs": "kms:EncryptionContext:aws:logs:arn",
    "events": "kms:EncryptionContext:aws:sqs:arn",
    "cloudwatch": "kms:EncryptionContext:aws:sns:topicArn",
}
# EventBridge sends aws:SourceArn to a queue, which names the account, and not aws:SourceAccount.
# EventBridge User Guide, "Using resource-based policies for Amazon EventBridge".
WITHOUT_ACCOUNT = {("events.amazonaws.com", "sqs:SendMessage")}

# CloudFormation works in a role that a user of the account passes with iam:PassRole. AWS documents
# the condition keys for stack sets and extensions only.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
HANDED_OVER = ["cloudformation.amazonaws.com"]


def check_principals(template: Template) -> Iterator[Finding]:
    """Find principals that could act for others, or in another way than intended."""
    for statement in template.statements():
        if statement.kind != "identity" and statement.allows:
            for advice in _advice(statement):
                yield Finding(template.name, statement.where, advice)


def _advice(statement: Statement) -> Iterator[str]:
    principal, keys = statement.data.get("Principal"), statement.condition_keys
    if not isinstance(principal, dict) or "*" in listed(principal.get("AWS")):
        if not any(wanted <= keys for wanted in OWN_ACCOUNT):
            yield "name the principal, or its account"
        return
    for service in listed(principal.get("Service")):
        yield from _service(service, statement)
    for provider in listed(principal.get("Federated")):
        for claim in ("aud", "sub"):
            if not any(key.endswith(":" + claim) for key in keys):
                yield f"limit the identities of {provider}: the claim {claim}"
    if (
        "AWS" in principal
        and USES_OF_A_KEY & set(statement.actions)
        and "kms:ViaService" not in keys
    ):
        yield "let the key be used through services only: kms:ViaService"
    if "kms:CreateGrant" in statement.actions and "kms:GrantIsForAWSResource" not in keys:
        yield "limit grants to services: kms:GrantIsForAWSResource"


def _service(service: Any, statement: Statement) -> Iterator[str]:
    keys = statement.condition_keys
    if service in HANDED_OVER:
        return
    name = service["Fn::Sub"] if isinstance(service, dict) else service
    encrypted_for = (
        ENCRYPTED_FOR.get(name.partition(".")[0])
        if USES_OF_A_KEY & set(statement.actions)
        else None
    )
    if not {"aws:SourceArn", encrypted_for} & keys:
        yield f"limit the source for which {service} may act: {encrypted_for or 'aws:SourceArn'}"
    without_account = {(name, action) for action in statement.actions} <= WITHOUT_ACCOUNT
    if not without_account and not {"aws:SourceAccount", encrypted_for} & keys:
        yield f"limit the account for which {service} may act: aws:SourceAccount"
    if USES_OF_A_KEY & set(statement.actions) and not any(
        key.startswith("kms:EncryptionContext:") for key in keys
    ):
        yield f"limit the use of the key by {service}: kms:EncryptionContext"
