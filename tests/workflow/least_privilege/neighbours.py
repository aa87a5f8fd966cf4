"""Calls that differ from needed calls in resource, action, condition or caller."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import botocore.session
from ministack.core.iam_evaluator import fnmatch_iam_cs

from localcloud.server.settings import ACCOUNT, REGION
from tests.workflow.least_privilege.policies import ADMINISTRATOR, SECURE, Call, Policies

# What botocore calls the services of IAM's prefixes, where the names differ.
_MODELS = {"states": ["stepfunctions"], "sagemaker": ["sagemaker", "sagemaker-runtime"]}
_SERVICES = [
    "ec2.amazonaws.com",
    "events.amazonaws.com",
    "lambda.amazonaws.com",
    "s3.amazonaws.com",
]
_SERVICES += ["pipes.amazonaws.com", "sagemaker.amazonaws.com", "states.amazonaws.com"]


def neighbours(calls: Iterable[Call], policies: Policies) -> set[Call]:
    """Calls that nobody needs, made of those that are needed."""
    examples = {shape(call, policies): call for call in sorted(calls, key=repr)}
    actions = {(call.caller, call.action) for call in examples.values()}
    callers = {call.caller for call in examples.values() if "." not in call.caller}
    found: set[Call] = set()
    for call in examples.values():
        found |= {*_elsewhere(call), *_under_other_conditions(call, policies)}
        found |= {
            other for other in _otherwise(call) if (other.caller, other.action) not in actions
        }
        for caller in _SERVICES if "." in call.caller else callers - {ADMINISTRATOR}:
            other = replace(call, caller=caller)
            if caller != call.caller and shape(other, policies) not in examples:
                found.add(other)
    return found - set(examples.values())


def shape(call: Call, policies: Policies) -> tuple[object, ...]:
    """The common shape of calls with the same permission, such as two keys of one prefix."""
    needed = policies.needed(call)
    patterns = {
        pattern
        for one in needed
        for pattern in one.parsed.resources
        if fnmatch_iam_cs(call.resource, pattern)
    }
    keys = {key for one in needed for key in one.condition_keys}
    values = frozenset(condition for condition in call.conditions if condition[0] in keys)
    return (call.caller, call.action, frozenset(patterns), values)


def _elsewhere(call: Call) -> Iterator[Call]:
    """The same call in another account, region, name, bucket or prefix."""
    if (
        call.resource == "*" or call.caller == ADMINISTRATOR
    ):  # of another key, another policy has to say something
        return
    arn, name = call.resource.split(":", 5)[:5], call.resource.split(":", 5)[5]
    if call.service == "s3":
        bucket, slash, key = name.partition("/")
        names = [f"{bucket}-other{slash}{key}", f"{bucket}/private/{key}"]
    else:
        names = [re.sub(r"^([a-zA-Z-]+[:/])?", r"\g<0>other-", name)]
        yield replace(call, resource=call.resource.replace(ACCOUNT, "111111111111"))
        yield replace(call, resource=call.resource.replace(REGION, "eu-west-9"))
    yield from (replace(call, resource=":".join([*arn, other])) for other in names)


def _otherwise(call: Call) -> Iterator[Call]:
    """Every other operation of the service on the same resource: delete, list, put and so on."""
    for operation in _operations(call.service):
        yield replace(call, action=f"{call.service}:{operation}")


@cache
def _operations(service: str) -> list[str]:
    session = botocore.session.get_session()
    return [
        name
        for model in _MODELS.get(service, [service])
        for name in session.get_service_model(model).operation_names
    ]


def _under_other_conditions(call: Call, policies: Policies) -> Iterator[Call]:
    """The same call with another or a missing value of a condition key, and over HTTP."""
    given = dict(call.conditions)
    if SECURE in given and call.service == "s3":
        yield call.under(SECURE, "false")
    for key in {key for one in policies.needed(call) for key in one.condition_keys}:
        yield call.under(key, f"other-{given.get(key, '')}")
        if key in given:
            yield call.not_under(key)
