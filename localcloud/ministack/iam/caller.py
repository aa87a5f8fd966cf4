"""Decide whether the caller of the current request may make another request."""

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

from localcloud.ministack.iam import audit_log


def denial(action: str, resource_arn: str, conditions: Mapping[str, str]) -> str | None:
    """Return AWS's message if the caller may not make a request, or None.

    Args:
        action: the IAM action, as "iam:PassRole".
        resource_arn: the resource of the request.
        conditions: the condition keys of the request, in lower case.
    """
    caller = iam_evaluator.caller_arn()
    context = iam_evaluator.EvalContext(
        principal_arn=caller,
        principal_type="Root" if caller.endswith(":root") else "AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource_arn,
        region=get_region(),
        secure_transport=True,
        service_context=dict(conditions),
    )
    result, _ = identity_decision(context)
    allowed = result.decision == "Allow"

    if not caller.endswith(":root"):  # the audit log does not have requests of the root
        audit_log.record_request(context, allowed)

    if allowed:
        return None

    return str(
        iam_actions.identity_denial_message(action, caller, resource_arn, result.decision == "Deny")
    )


def identity_decision(context: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the decision of the principal's own policies, and its permissions boundary."""
    kind, _, path = context.principal_arn.rpartition(":")[2].partition("/")
    account = context.principal_account
    if kind == "root":
        return iam_evaluator.EvalResult("Allow", context.principal_arn, "", "Root"), ()

    if kind == "assumed-role":
        name = path.partition("/")[0]
        store = iam._roles
        policies = iam_evaluator._gather_role_policies(name, account)
    else:
        name = path.rpartition("/")[2]
        store = iam._users
        policies = iam_evaluator._gather_user_policies(name, account)

    limits = iam_evaluator._permissions_boundary(store, name, account)

    return iam_evaluator.evaluate(context, policies, *limits), limits
