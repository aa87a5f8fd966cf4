"""Refuse key policies that would lock their author out.

MiniStack: stores any key policy.
AWS: "The key policy must allow the calling principal to make a subsequent PutKeyPolicy request on
the KMS key." BypassPolicyLockoutSafetyCheck omits the condition. The message, of a stack with a
role: https://github.com/aws-solutions/innovation-sandbox-on-aws/issues/31.
Source: KMS API Reference, CreateKey and PutKeyPolicy, parameter Policy.
Remove this patch when MiniStack does the same.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import kms
from ministack.services.cloudformation import provisioners

from localcloud.ministack.cloudformation.execution_role import session_of_stack
from localcloud.ministack.iam.caller import identity_decision
from localcloud.ministack.patch import wrap
from localcloud.ministack.refusals import Resource, Rule, check_requests, check_resources

LOCKOUT = Rule(
    "KMS keys",
    "a key policy that does not let its author change it",
    "Kms",
    "MalformedPolicyDocumentException",
)
RULES = (LOCKOUT,)

_BYPASS = "BypassPolicyLockoutSafetyCheck"
_ACTION = "kms:PutKeyPolicy"


def install() -> None:
    """Check the key policies of requests and templates."""
    check_requests(kms, "_create_key", "data", _check_new_key)
    check_requests(kms, "_put_key_policy", "data", _check_policy)
    check_resources("AWS::KMS::Key", _check_resource)
    wrap(provisioners, "_kms_create_key_payload", "props", _payload)


def _payload(original: Callable[..., dict[str, Any]], properties: Mapping[str, Any]) -> Any:
    # CloudFormation's key is checked as a resource, with the role of its stack as the caller.
    return {**original(properties), _BYPASS: True}


def _check_new_key(data: Mapping[str, Any]) -> None:
    if data.get("Policy") and not data.get(_BYPASS):
        _require(data["Policy"], _future_arn(), iam_evaluator.caller_arn())


def _check_policy(data: Mapping[str, Any]) -> None:
    key = kms._resolve_key(data.get("KeyId", ""))
    if key and not data.get(_BYPASS):
        _require(data.get("Policy", ""), key["Arn"], iam_evaluator.caller_arn())


def _check_resource(resource: Resource) -> None:
    policy = resource.properties.get("KeyPolicy")
    if policy and str(resource.properties.get(_BYPASS, False)).lower() != "true":
        caller = session_of_stack(resource.stack_name) or iam_evaluator.caller_arn()
        _require(policy, _future_arn(), caller)


def _require(policy: str | Mapping[str, Any], key_arn: str, caller_arn: str) -> None:
    """Raise RefusedError if the new policy does not let the caller change the policy."""
    document = policy if isinstance(policy, str) else json.dumps(policy)
    context = iam_evaluator.EvalContext(
        principal_arn=caller_arn,
        principal_type="Root" if caller_arn.endswith(":root") else "AssumedRole",
        principal_account=get_account_id(),
        action=_ACTION,
        resource_arn=key_arn,
        region=get_region(),
        secure_transport=True,
    )
    identity, limits = identity_decision(context)
    result = iam_evaluator.combine_resource_policy(
        identity, context, document, get_account_id(), required=True, limits=limits
    )
    if result.decision != "Allow":
        message = "The new key policy will not allow you to update the key policy in the future."
        raise LOCKOUT.error(message)


def _future_arn() -> str:
    """Return the ARN of a key that does not exist yet."""
    return f"arn:aws:kms:{get_region()}:{get_account_id()}:key/00000000-0000-0000-0000-000000000000"
