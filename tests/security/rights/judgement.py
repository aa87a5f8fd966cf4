"""Decide about calls by a policy, with the evaluator of the local cloud."""

from collections.abc import Sequence
from functools import cache

from ministack.core.iam_evaluator import (
    EvalContext,
    evaluate,
    evaluate_resource_policy,
    parse_policy_document,
)

from localcloud.server.settings import ACCOUNT, REGION
from tests.security.gate.templates import Data, listed
from tests.security.rights.policies import Kind
from tests.workflow.least_privilege.policies import ADMINISTRATOR, SECURE, Call

OTHER_ACCOUNT = "111111111111"
FOREIGNER = "foreigner"  # an administrator of another account
ANONYMOUS = "anonymous"  # without credentials
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"


class Judge:
    """Decides about calls by some statements of one policy.

    A role's name as the caller of a resource is a role with permissions from the resource's policy
    alone; ADMINISTRATOR is a role that IAM allows everything.

    Args:
        kind: the kind of the policy.
        statements: some of its statements, or others instead.
        only_denies: whether the policy passes every call that it does not deny.
    """

    def __init__(self, kind: Kind, statements: Sequence[Data], only_denies: bool = False) -> None:
        self._kind = kind
        self._document = {"Statement": [_with_provider(one) for one in statements]}
        self._parsed = parse_policy_document(self._document)
        self._only_denies = only_denies

    def allows(self, call: Call) -> bool:
        """Return whether the statements let a call pass."""
        decision = self._decision(call)
        # IAM allows nobody of another account.
        if self._only_denies and call.caller not in (FOREIGNER, ANONYMOUS):
            return decision != "Deny"
        return decision == "Allow"

    def _decision(self, call: Call) -> str:
        context = _context(call)
        if self._kind == "identity":
            return str(evaluate(context, [self._parsed]).decision)
        if is_service(call.caller):
            return str(
                evaluate_resource_policy(self._document, context, service=call.caller).decision
            )
        by_itself = call.caller not in (ADMINISTRATOR, FOREIGNER, ANONYMOUS)
        return str(evaluate_resource_policy(self._document, context, named_only=by_itself).decision)


def _with_provider(statement: Data) -> Data:
    """An identity provider as the evaluator knows principals: by its ARN."""
    match statement.get("Principal"):
        case {"Federated": provider, **others}:
            others["AWS"] = [*listed(provider), *listed(others.get("AWS"))]
            return {**statement, "Principal": others}
    return statement


def is_service(caller: str) -> bool:
    """Return whether a caller is a service of AWS."""
    return caller.endswith(".amazonaws.com") and not caller.startswith("arn:")


def _arn(caller: str, account: str | None) -> str:
    if is_service(caller) or caller == ANONYMOUS:
        return "*"
    return (
        caller
        if caller.startswith("arn:")
        else f"arn:aws:sts::{account}:assumed-role/{caller}/session"
    )


@cache
def _context(call: Call) -> EvalContext:
    conditions = dict(call.conditions)
    accounts: dict[str, str | None] = {FOREIGNER: OTHER_ACCOUNT, ANONYMOUS: None}
    account = accounts.get(call.caller, ACCOUNT)
    return EvalContext(
        principal_arn=_arn(call.caller, account),
        principal_type="Service" if is_service(call.caller) else "AssumedRole",
        principal_account=account,  # None: the key is not in the request
        action=call.action,
        resource_arn=call.resource,
        region=str(conditions.get("aws:requestedregion", REGION)),
        secure_transport=conditions.get(SECURE) != "false",
        service_context={key: list(v) if isinstance(v, tuple) else v for key, v in call.conditions},
    )
