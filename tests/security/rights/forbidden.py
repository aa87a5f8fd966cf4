"""The calls that a policy has to refuse, made of those that it has to allow."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import botocore.session

from localcloud.server.settings import REGION
from tests.security.rights.judgement import ANONYMOUS, FOREIGNER, OTHER_ACCOUNT, WEB_IDENTITY
from tests.security.rights.policies import Policy
from tests.security.rights.texts import OTHER, OTHER_REGION, neighbours, pattern
from tests.workflow.least_privilege.policies import ADMINISTRATOR, SECURE, Call

# The models of botocore for a prefix of IAM, where the names differ.
_MODELS = {
    "access-analyzer": ["accessanalyzer"],
    "servicequotas": ["service-quotas"],
    "states": ["stepfunctions"],
    "sagemaker": ["sagemaker", "sagemaker-runtime"],
}
# Actions of IAM that are not an operation of the service's API.
_BY_IAM_ONLY = {
    "s3": [
        "DeleteObjectVersion",
        "GetObjectVersionAcl",
        "PutEncryptionConfiguration",
        "PutObjectVersionTagging",
    ],
    "kms": ["ReEncryptFrom", "ReEncryptTo"],
}
SERVICES = (
    "cloudformation.amazonaws.com",
    "cloudwatch.amazonaws.com",
    "ec2.amazonaws.com",
    "events.amazonaws.com",
    "lambda.amazonaws.com",
    "pipes.amazonaws.com",
    "s3.amazonaws.com",
    "sagemaker.amazonaws.com",
    "sns.amazonaws.com",
    "states.amazonaws.com",
)
_ROLE = "AnyRole"  # which IAM allows nothing
_OTHER_PROVIDER = "arn:aws:iam::000000000000:oidc-provider/accounts.example.com"
# A key that the code of a function sends, and Lambda itself does not.
_ABSENT = {
    "ec2": ("lambda:sourcefunctionarn", "arn:aws:lambda:us-east-1:000000000000:function:any")
}
# Calls of other services, for a policy that allows every action.
_ELSEWHERE = (
    ("iam:CreateUser", "*"),
    ("ec2:RunInstances", "*"),
    ("s3:GetObject", "arn:aws:s3:::any/<key>"),
)


def forbidden(policy: Policy, needed: Iterable[Call]) -> list[Call]:
    """Return calls that a policy has to refuse, each once.

    Args:
        policy: the policy.
        needed: the calls that it has to allow, with `<...>` where any text will do.
    """
    wanted = sorted(set(needed), key=repr)
    covers = Coverage(wanted)
    actions = {(call.caller, call.action) for call in wanted}
    found = {other: None for call in wanted for other in _next_to(policy, call)}
    # The neighbours of a needed call show the limits of an action that is needed elsewhere.
    found |= {
        other: None
        for call in wanted
        for other in _otherwise(policy, call)
        if _key(other) not in actions
    }
    return [call for call in found if not covers.covers(call)]


class Coverage:
    """Needed calls, and similar calls where `<...>` stands for any text."""

    def __init__(self, needed: Iterable[Call]) -> None:
        self._needed: dict[
            tuple[str, str], list[tuple[re.Pattern[str], dict[str, re.Pattern[str]]]]
        ] = {}
        for call in needed:
            conditions = {key: pattern(str(value)) for key, value in call.conditions}
            self._needed.setdefault((call.caller, call.action), []).append(
                (pattern(call.resource), conditions)
            )

    def covers(self, call: Call) -> bool:
        """Return whether a needed call has this caller and action, and covers the rest."""
        given = {"aws:requestedregion": REGION} | {
            key: str(value) for key, value in call.conditions
        }
        if call.service in _ABSENT and _ABSENT[call.service][0] in given:
            return False
        return any(
            resource.fullmatch(call.resource)
            and all(
                key in given and value.fullmatch(given[key]) for key, value in conditions.items()
            )
            for resource, conditions in self._needed.get((call.caller, call.action), [])
        )


def _next_to(policy: Policy, call: Call) -> Iterator[Call]:
    if policy.only_denies:
        yield call.under(SECURE, "false")
        yield from (
            replace(call.under(SECURE, "false"), caller=caller)
            for caller in (_ROLE, FOREIGNER, ANONYMOUS)
        )
        yield from (replace(call, caller=caller) for caller in (FOREIGNER, ANONYMOUS))
        return
    yield from _with_other_conditions(call)
    yield from _with_another_resource(policy, call)
    if policy.kind != "identity":
        yield from (replace(call, caller=caller) for caller in _callers(policy, call))


def _otherwise(policy: Policy, call: Call) -> Iterator[Call]:
    """Every other operation of the service on the same resource: delete, list, put and so on."""
    unsafe = call.under(SECURE, "false") if policy.only_denies else call
    yield from (
        replace(unsafe, action=f"{call.service}:{name}") for name in operations(call.service)
    )
    if policy.kind == "identity":
        yield from (
            replace(call, action=action, resource=resource) for action, resource in _ELSEWHERE
        )


def _key(call: Call) -> tuple[str, str]:
    return call.caller, call.action


def _with_another_resource(policy: Policy, call: Call) -> Iterator[Call]:
    """The policy of the key names no resource but "*", which is the key."""
    if call.resource != "*" and policy.owner != "EncryptionKey":
        yield from (replace(call, resource=resource) for resource in neighbours(call.resource))
        yield replace(call, resource="*")


def _with_other_conditions(call: Call) -> Iterator[Call]:
    given = dict(call.conditions)
    for key, value in given.items():
        yield call.not_under(key)
        for other in _other_values(value):
            conditions = frozenset((given | {key: other}).items())
            yield replace(call, conditions=conditions)
    if given:
        yield replace(call, conditions=frozenset())
    if "aws:requestedregion" in given:
        yield call.under("aws:requestedregion", OTHER_REGION)
    if call.service in _ABSENT:
        yield call.under(*_ABSENT[call.service])


def _other_values(value: str | tuple[str, ...]) -> Iterator[str | tuple[str, ...]]:
    """Values next to one; for a key with several values, each value changed alone."""
    if isinstance(value, str):
        yield from neighbours(value)
        return
    for index, one in enumerate(value):
        for text in neighbours(one):
            yield (*value[:index], text, *value[index + 1 :])


def _callers(policy: Policy, call: Call) -> Iterator[str]:
    if call.action == WEB_IDENTITY:
        yield from (_OTHER_PROVIDER, call.caller.replace("000000000000", OTHER_ACCOUNT))
    yield from (FOREIGNER, ANONYMOUS)
    if "Endpoint" in policy.owner:
        return  # for the whole account, whose roles have policies of their own
    yield from (service for service in SERVICES if service != call.caller)
    yield _ROLE
    if call.caller != ADMINISTRATOR:
        yield ADMINISTRATOR


@cache
def operations(service: str) -> list[str]:
    """Return the names of a service's actions, by its prefix in IAM."""
    session = botocore.session.get_session()
    if service not in session.get_available_services() and service not in _MODELS:
        return [OTHER]
    models = [session.get_service_model(model) for model in _MODELS.get(service, [service])]
    names = {name for model in models for name in model.operation_names}
    return sorted(names.union(_BY_IAM_ONLY.get(service, ())))
