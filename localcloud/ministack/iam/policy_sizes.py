"""Refuse policies that are larger than IAM's quotas.

MiniStack: stores policies of any size.
AWS: refuses them, and "doesn't count white space when calculating the size of a policy". A message
with its code and status: https://github.com/serverless/serverless/issues/7643.
Source: IAM User Guide, "IAM and AWS STS quotas".
Remove this patch when MiniStack does the same.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import iam

from localcloud.ministack.refusals import (
    Answer,
    RefusedError,
    Resource,
    Rule,
    check_requests,
    check_resources,
)

_INLINE = 10240  # characters of all inline policies of a role
_MANAGED = 6144
_TRUST = 2048  # AWS may raise it to 8,192
_AREA = "IAM policies"
INLINE = Rule(
    _AREA, "inline policies of a role above 10,240 characters", "Iam", "LimitExceeded", 409
)
MANAGED = Rule(_AREA, "a managed policy above 6,144 characters", "Iam", "LimitExceeded", 409)
TRUST = Rule(_AREA, "a trust policy of a role above 2,048 characters", "Iam", "LimitExceeded", 409)
RULES = (INLINE, MANAGED, TRUST)


def install() -> None:
    """Check the policies of requests and templates."""
    for operation, check in (
        ("CreatePolicy", _check_managed),
        ("CreatePolicyVersion", _check_managed),
        ("CreateRole", _check_new_role),
        ("PutRolePolicy", _check_inline),
        ("UpdateAssumeRolePolicy", _check_trust),
    ):
        function = iam._IAM_HANDLERS[operation].__name__
        check_requests(iam, function, "p", check, _answer)
        iam._IAM_HANDLERS[operation] = getattr(iam, function)

    check_resources("AWS::IAM::Role", _check_role_resource)
    check_resources("AWS::IAM::Policy", _check_policy_resource)
    check_resources("AWS::IAM::ManagedPolicy", _check_managed_resource)


def _answer(refused: RefusedError, *_arguments: Any) -> Answer:
    answer: Answer = iam._error(refused.rule.status, refused.rule.code, escape(refused.message))
    return answer


def _check_managed(p: Mapping[str, Any]) -> None:
    _require_managed(iam._p(p, "PolicyDocument"))


def _check_new_role(p: Mapping[str, Any]) -> None:
    _require_trust(iam._p(p, "AssumeRolePolicyDocument"))


def _check_trust(p: Mapping[str, Any]) -> None:
    _require_trust(iam._p(p, "PolicyDocument"))


def _check_inline(p: Mapping[str, Any]) -> None:
    role = iam._p(p, "RoleName")
    if role in iam._roles:  # otherwise IAM answers that the role does not exist
        _require_inline(role, {iam._p(p, "PolicyName"): iam._p(p, "PolicyDocument")})


def _check_role_resource(resource: Resource) -> None:
    properties = resource.properties
    _require_trust(properties.get("AssumeRolePolicyDocument", {}))
    removed = {one["PolicyName"] for one in resource.old_properties.get("Policies", [])}
    policies = {one["PolicyName"]: one["PolicyDocument"] for one in properties.get("Policies", [])}
    _require_inline(properties.get("RoleName") or resource.name, policies, removed)


def _check_policy_resource(resource: Resource) -> None:
    document = resource.properties.get("PolicyDocument", {})
    for role in resource.properties.get("Roles") or []:
        _require_inline(role, {resource.properties.get("PolicyName", ""): document})


def _check_managed_resource(resource: Resource) -> None:
    _require_managed(resource.properties.get("PolicyDocument", {}))


def _require_inline(
    role: str, new: Mapping[str, Any], removed: Collection[str] = frozenset()
) -> None:
    """Raise RefusedError if a role's inline policies are too large after a change."""
    policies = dict((iam._roles.get(role) or {}).get("InlinePolicies", {}))
    for name in removed:
        policies.pop(name, None)
    policies |= new
    if sum(_size(document) for document in policies.values()) > _INLINE:
        raise INLINE.error(f"Maximum policy size of {_INLINE} bytes exceeded for role {role}")


def _require_managed(document: Any) -> None:
    if _size(document) > _MANAGED:
        raise MANAGED.error(f"Cannot exceed quota for PolicySize: {_MANAGED}")


def _require_trust(document: Any) -> None:
    if _size(document) > _TRUST:
        raise TRUST.error(f"Cannot exceed quota for ACLSizePerRole: {_TRUST}")


def _size(document: Any) -> int:
    """Return the number of characters of a policy without white space.

    Templates have policies as objects.
    """
    text = document if isinstance(document, str) else json.dumps(document)
    return len("".join(text.split()))
