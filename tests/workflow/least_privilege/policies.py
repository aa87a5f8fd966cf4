"""Calls, the statements of policies, and what those allow of these."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ministack.core.iam_evaluator import (
    EvalContext,
    EvalResult,
    ParsedStatement,
    combine_resource_policy,
    evaluate,
    evaluate_resource_policy,
    fnmatch_iam_cs,
    parse_policy_document,
)

from localcloud.server.settings import ACCOUNT, REGION

# A principal with all permissions in IAM: only the policies of resources limit it.
ADMINISTRATOR = "administrator"
SECURE = "aws:securetransport"

type Conditions = frozenset[tuple[str, str | tuple[str, ...]]]


@dataclass(frozen=True)
class Call:
    """A call by a role (its logical id), a service (its principal) or the ADMINISTRATOR."""

    caller: str
    action: str
    resource: str
    conditions: Conditions = frozenset()

    @property
    def service(self) -> str:
        """The part of the action before the colon."""
        return self.action.partition(":")[0]

    def under(self, key: str, value: str) -> "Call":
        """The same with another value of a condition key."""
        return replace(self, conditions=frozenset((dict(self.conditions) | {key: value}).items()))

    def not_under(self, key: str) -> "Call":
        """The same without a condition key."""
        return replace(self, conditions=frozenset(one for one in self.conditions if one[0] != key))


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement of a policy.

    Args:
        owner: the logical id of the role, queue, bucket or key.
        guards: the ARN pattern that a resource's policy protects; empty for a role's permissions.
        body: the statement.
    """

    owner: str
    guards: str
    body: Mapping[str, Any]

    @cached_property
    def parsed(self) -> ParsedStatement:
        """The statement as MiniStack's evaluator takes it."""
        [parsed] = parse_policy_document({"Statement": [dict(self.body)]})
        return parsed

    @property
    def name(self) -> str:
        """Owner and Sid."""
        return f"{self.owner}.{self.body['Sid']}"

    @property
    def denies(self) -> bool:
        """Return whether the statement denies rather than allows."""
        return bool(self.body["Effect"] == "Deny")

    @property
    def condition_keys(self) -> set[str]:
        """The condition keys that it asks for, in lower case."""
        return {
            key.lower() for operands in self.body.get("Condition", {}).values() for key in operands
        }

    def lesser(self) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
        """Yield the statement without one action or resource, and its name; None: empty."""
        for field in ("Action", "Resource"):
            given = self.body.get(field, [])
            items = given if isinstance(given, list) else [given]
            for item in items:
                left = [other for other in items if other != item]
                yield f"{self.name} without {item}", {**self.body, field: left} if left else None


class Policies:
    """All statements that the service's roles and resources hold."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self.statements = list(statements)

    def allows(self, call: Call) -> bool:
        """Decide as AWS does: permissions of the role, and the policy of the resource."""
        context = EvalContext(
            principal_arn="*"
            if "." in call.caller
            else f"arn:aws:sts::{ACCOUNT}:assumed-role/{call.caller}/session",
            principal_type="Service" if "." in call.caller else "AssumedRole",
            principal_account="" if "." in call.caller else ACCOUNT,
            action=call.action,
            resource_arn=call.resource,
            region=REGION,
            secure_transport=dict(call.conditions).get(SECURE) != "false",
            service_context={k: list(v) if isinstance(v, tuple) else v for k, v in call.conditions},
        )
        guards = {
            "Statement": [
                one.body for one in self.statements if one.guards and _concerns(one, call)
            ]
        }
        if "." in call.caller:
            return bool(
                evaluate_resource_policy(guards, context, service=call.caller).decision == "Allow"
            )
        own = [one.parsed for one in self.statements if one.owner == call.caller and not one.guards]
        decision = EvalResult("Allow") if call.caller == ADMINISTRATOR else evaluate(context, [own])
        if guards["Statement"]:
            # A key is nobody's whom its own policy does not name.
            decision = combine_resource_policy(
                decision, context, guards, ACCOUNT, required=call.service == "kms"
            )
        return bool(decision.decision == "Allow")

    def needed(self, call: Call) -> list[Statement]:
        """The statements each of which an allowed call would be denied without."""
        if not self.allows(call):
            return []
        return [
            one
            for one in self.statements
            if _concerns(one, call) and not self.without(one, None).allows(call)
        ]

    def without(self, statement: Statement, left: Mapping[str, Any] | None) -> "Policies":
        """The policies with less of one statement."""
        others = [one for one in self.statements if one is not statement]
        return Policies(others if left is None else [*others, replace(statement, body=left)])


def _concerns(statement: Statement, call: Call) -> bool:
    if statement.guards:
        return bool(fnmatch_iam_cs(call.resource, statement.guards))
    return statement.owner == call.caller
