"""Policies with one right removed or widened, made mechanically, one at a time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.core.iam_evaluator import fnmatch_iam

from localcloud.server.settings import ACCOUNT, REGION
from tests.security.gate.templates import Data, listed
from tests.security.mutants.changes import GONE, changed
from tests.security.rights.forbidden import SERVICES, operations
from tests.security.rights.judgement import OTHER_ACCOUNT
from tests.security.rights.policies import STACK, Policy

_ROOT = f"arn:aws:iam::{ACCOUNT}:root"
_OTHER_ROOT = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
_BOUNDARY = re.compile(r"[-:/@]")
# IAM User Guide, "AWS global condition context keys": the key is always in the request context.
_ALWAYS_SENT = {"aws:RequestedRegion"}
_LIKE = {"StringEquals": "StringLike"}


@dataclass(frozen=True)
class Mutant:
    """A policy in which one statement is another one, or gone.

    Args:
        policy: the policy as it is.
        index: which statement.
        kind: the change, such as "condition dropped".
        detail: to what.
        statement: the statement instead; None if it is removed.
    """

    policy: Policy
    index: int
    kind: str
    detail: str
    statement: Data | None

    @property
    def name(self) -> str:
        """Return the place and the change."""
        sid = self.policy.statements[self.index]["Sid"]
        return f"{self.policy.template}: {self.policy.name} {sid}: {self.kind}: {self.detail}"


type _Change = tuple[str, str, Data | None]


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Yield the mutants of a policy."""
    for index, statement in enumerate(policy.statements):
        changes = _narrower_denials if "Deny" == statement["Effect"] else _changes
        for kind, detail, instead in changes(policy, statement):
            yield Mutant(policy, index, kind, detail, instead)


def _changes(policy: Policy, statement: Data) -> Iterator[_Change]:
    yield "statement removed", "", None
    yield "denied instead", "", changed(statement, ("Effect",), "Deny")
    yield from _actions(policy, statement)
    if "Resource" in statement and policy.owner != "EncryptionKey":  # whose "*" is the key itself
        yield from _resources(policy, statement)
    yield from _conditions(statement)
    yield from _principals(statement)


def _narrower_denials(_policy: Policy, statement: Data) -> Iterator[_Change]:
    yield "denial removed", "", None
    yield "allowed instead", "", changed(statement, ("Effect",), "Allow")
    yield "denial narrowed", "one action", changed(statement, ("Action",), "s3:GetObject")
    yield (
        "denial narrowed",
        "another principal",
        changed(statement, ("Principal",), {"AWS": _OTHER_ROOT}),
    )
    yield "condition dropped", "all", changed(statement, ("Condition",), GONE)
    for operator, operands in statement["Condition"].items():
        for key in operands:
            yield (
                "condition value changed",
                key,
                changed(statement, ("Condition", operator, key), "true"),
            )
    for index, resource in enumerate(statement["Resource"]):
        yield "denial narrowed", resource, changed(statement, ("Resource", index), GONE)


def _actions(policy: Policy, statement: Data) -> Iterator[_Change]:
    actions = listed(statement["Action"])
    if len(actions) > 1:
        for action in actions:
            yield (
                "action removed",
                action,
                {**statement, "Action": [one for one in actions if one != action]},
            )
    for wider in _wider_actions(policy, actions):
        yield "action widened", wider, {**statement, "Action": [*actions, wider]}
    yield (
        "action widened",
        "all but",
        {**changed(statement, ("Action",), GONE), "NotAction": "iam:*"},
    )


def _wider_actions(policy: Policy, actions: list[str]) -> Iterator[str]:
    """Yield another action, all actions of the verb, all of the service, and all."""
    everywhere = {
        action for statement in policy.statements for action in listed(statement["Action"])
    }
    wider: dict[str, None] = {}
    for action in actions:
        service, _, name = action.partition(":")
        others = [f"{service}:{other}" for other in operations(service)]
        others = [other for other in others if other not in everywhere]
        [verb] = re.findall(r"^[A-Z][a-z]+", name)
        same_verb = f"{service}:{verb}*"
        if any(fnmatch_iam(other, same_verb) for other in others):
            wider[same_verb] = None
        # The next one in the alphabet.
        wider[next((other for other in others if other > action), others[0])] = None
        wider[f"{service}:*"] = None
    yield from [*wider, "*"]


def _resources(policy: Policy, statement: Data) -> Iterator[_Change]:
    resources = listed(statement["Resource"])
    alike = [
        one
        for one in policy.statements
        if set(listed(statement["Action"])) <= set(listed(one["Action"]))
    ]
    allowed = [resource for one in alike for resource in listed(one["Resource"])]
    if len(resources) > 1:
        for resource in resources:
            yield (
                "resource removed",
                resource,
                {**statement, "Resource": [one for one in resources if one != resource]},
            )
    for resource in resources:
        others = [one for one in resources if one != resource]
        for wider in _wider(resource):
            yield "resource widened", wider, {**statement, "Resource": [*others, wider]}
        for sibling in _siblings(resource, allowed):
            yield "resource added", sibling, {**statement, "Resource": [*resources, sibling]}


def _wider(text: str) -> Iterator[str]:
    """Yield wider patterns: shorter ones, any account, any region, any suffix, and "*"."""
    if text == "*":
        return
    start = len(":".join(text.split(":")[:5])) + 1 if text.startswith("arn:") else 0
    found: dict[str, None] = {}
    for match in _BOUNDARY.finditer(text, start):
        # A change that only removes ":*" has no effect.
        if re.search(r"\w", text[match.end() :]):
            found[text[: match.end()] + "*"] = None
    parts = re.split(r"([:/])", text[start:])
    for index in range(0, len(parts), 2):
        if re.search(r"\w", parts[index]):
            found[text[:start] + "".join([*parts[:index], "*", *parts[index + 1 :]])] = None
    for fixed in (f":{ACCOUNT}:", f":{REGION}:"):
        if fixed in text[: start + 1]:
            found[text.replace(fixed, ":*:", 1)] = None
    if not text.endswith("*") and text != ACCOUNT:  # no account's number begins with another one
        found[text + "*"] = None
    yield from [*found, "*"]


def _siblings(text: str, known: list[Any]) -> Iterator[str]:
    """Yield up to three other resources of the stack, and unknown ones."""
    service = text.split(":")[2] if text.startswith("arn:") else ""
    own = [one for one in STACK.resources if one.arn.split(":")[2:3] == [service]]
    mine = max((one.arn for one in own if text.startswith(one.arn)), key=len, default="")
    others = {one.arn + text[len(mine) :] for one in own if one.arn != mine} if mine else set()
    yield from sorted(others.difference(known))[:3]


def _conditions(statement: Data) -> Iterator[_Change]:
    condition = statement.get("Condition", {})
    if condition:
        yield "condition dropped", "all", changed(statement, ("Condition",), GONE)
    several = sum(len(operands) for operands in condition.values()) > 1
    for operator, operands in condition.items():
        for key, given in operands.items():
            values = listed(given)
            without = _without(condition, operator, key)
            if several:
                yield "condition key dropped", key, {**statement, "Condition": without}
            for instead in _weaker_operators(operator, key):
                added = {instead: {**without.get(instead, {}), key: given}}
                yield (
                    "condition operator",
                    f"{key} {instead}",
                    {**statement, "Condition": {**without, **added}},
                )
            for kind, detail, value in _values(values):
                like = _LIKE.get(operator, operator) if "*" in detail else operator
                added = {like: {**without.get(like, {}), key: value}}
                yield kind, f"{key} {detail}", {**statement, "Condition": {**without, **added}}


def _weaker_operators(operator: str, key: str) -> Iterator[str]:
    """Yield the operators that also match a request without the key."""
    if operator == "Null" or operator.startswith("ForAllValues:"):
        return  # Null is about the key itself; ForAllValues holds without the key already
    if key not in _ALWAYS_SENT:
        yield f"{operator}IfExists"
        yield f"ForAllValues:{operator}"


def _without(condition: Data, operator: str, key: str) -> Data:
    left = {name: value for name, value in condition[operator].items() if name != key}
    return {
        **{name: value for name, value in condition.items() if name != operator},
        **({operator: left} if left else {}),
    }


def _values(values: list[Any]) -> Iterator[tuple[str, str, Any]]:
    if len(values) > 1:
        for value in values:
            yield "condition value removed", str(value), [one for one in values if one != value]
    for value in values:
        if isinstance(value, bool) or value in ("true", "false"):
            yield "condition value changed", str(not value), not value
            continue
        others = [one for one in values if one != value]
        for wider in _wider(value):
            yield "condition value widened", wider, [*others, wider]
        for sibling in [*_siblings(value, values), *_other_values(value)]:
            yield "condition value added", sibling, [*values, sibling]


def _other_values(value: str) -> Iterator[str]:
    if value.endswith(".amazonaws.com"):
        service, _, rest = value.partition(".")
        yield f"{'ec2' if service != 'ec2' else 'sns'}.{rest}"
    elif ACCOUNT in value:
        yield value.replace(ACCOUNT, OTHER_ACCOUNT)
    elif not value.startswith("arn:"):
        yield f"other-{value}"


def _principals(statement: Data) -> Iterator[_Change]:
    principal = statement.get("Principal")
    if principal is None or principal == "*":
        return
    yield "principal widened", "everybody", {**statement, "Principal": "*"}
    yield "principal widened", "any AWS account", {**statement, "Principal": {"AWS": "*"}}
    for kind, given in principal.items():
        names = listed(given)
        if len(names) > 1:
            for name in names:
                left = [one for one in names if one != name]
                yield (
                    "principal removed",
                    name,
                    {**statement, "Principal": {**principal, kind: left}},
                )
        for other in _other_principals(kind, names):
            yield (
                "principal added",
                other,
                {**statement, "Principal": {**principal, kind: [*names, other]}},
            )
        if kind != "AWS":
            for root in (_ROOT, _OTHER_ROOT):
                yield (
                    "principal added",
                    root,
                    {**statement, "Principal": {**principal, "AWS": root}},
                )


def _other_principals(kind: str, names: list[str]) -> Iterator[str]:
    if kind == "Service":
        yield from [service for service in SERVICES if service not in names][:3]
    elif kind == "AWS":
        yield _OTHER_ROOT
        yield f"arn:aws:iam::{ACCOUNT}:role/AnyRole"
    elif kind == "Federated":
        yield f"arn:aws:iam::{ACCOUNT}:oidc-provider/accounts.example.com"
