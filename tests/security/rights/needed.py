"""The calls that a policy has to allow: recorded, documented by AWS, or named by its schemas.

`<...>`, or all after `<`, stands for any text: generated names, keys of objects, ids.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from operations.check.permissions import policy as checking
from tests.contract.execution_role import deploy_calls, requests
from tests.security.rights import resource_calls, reviewer_calls, training_role
from tests.security.rights.policies import STACK, Policy
from tests.workflow.least_privilege import record
from tests.workflow.least_privilege.deployment import Deployment
from tests.workflow.least_privilege.documented import documented, in_a_vpc
from tests.workflow.least_privilege.policies import SECURE, Call, Policies

# From where on a name is free, by policy, with the reason. The first pattern that a text has holds.
_NETWORK = {"any part of the network": r":ec2:[\w-]*:\d*:"}
_OLDER_THAN_THE_STACK = r":::[\w-]+-imagebucket-|[\w-]+-Re(sults|views)Table-|:key/"
_FREE: Mapping[str, Mapping[str, str]] = {
    "SerializeImageRole": _NETWORK,
    "ClassifyImageRole": _NETWORK,
    "FilterInferencesRole": _NETWORK,
    "BacklogWorkflowRole": {"children of its maps, by label": r":stateMachine:[\w-]+-backlog/"},
    "EncryptionKey": {
        "names CloudFormation makes and may shorten": rf":{STACK.name}-(Failure|Review|Monitor)"
    },
    "Boundary": {
        **_NETWORK,
        "names that CloudFormation will make": rf"{_OLDER_THAN_THE_STACK}|[\w-]+-FailureQueue-",
        "any endpoint, whose name is a parameter": r":endpoint/|/endpoints/",
        "resources with the stack's name": rf"{STACK.name}-",
    },
    "ExecutionRole": {
        "names that CloudFormation will make": rf"{_OLDER_THAN_THE_STACK}|:artifacts/{STACK.name}/",
        "resources with the stack's name": rf"{STACK.name}-",
    },
    "DeployRole": {"ids and keys": rf":stack/{STACK.name}/|:artifacts/{STACK.name}/"},
}
# Condition keys whose values are names, too.
_NAMES = ("aws:sourcearn", "kms:encryptioncontext:")


def needed(policy: Policy) -> set[Call]:
    """Return the calls that a policy has to allow."""
    found: Iterable[Call]
    if policy.kind == "resource":
        found = resource_calls.calls(policy.owner, service_calls())
    elif policy.kind == "trust":
        found = resource_calls.assumptions(policy.owner, service_calls())
    else:
        found = _of_role(policy.owner)
    return {_with_free_names(policy.owner, call) for call in found}


@cache
def service_calls() -> frozenset[Call]:
    """Return the calls of the service's roles, of their callers and of senders to its queues."""
    names = {one.logical_id: _physical_id(one.type, one.name, one.arn) for one in STACK.resources}
    known = documented(STACK.name, Deployment(names, Policies([])))
    # Whether a call comes over TLS is for the policies of buckets.
    return frozenset(call.not_under(SECURE) for call in {*record.calls(names), *known, *in_a_vpc()})


def _physical_id(resource_type: str, name: str, arn: str) -> str:
    return arn if resource_type == "AWS::StepFunctions::StateMachine" else name


def _of_role(role: str) -> Iterable[Call]:
    if role == "ExecutionRole":
        # The key's own policy allows most calls for the key; the role's policy has conditions.
        of_key = resource_calls.by_the_keys_policy()
        asked = requests.requests(STACK)
        return (_in_region(call) for call in asked if call.conditions or call.action not in of_key)
    if role == "DeployRole":
        return [*deploy_calls.CALLS, *_checks()]
    if role == "SageMakerRole":
        return training_role.calls()
    if role == "ReviewerPolicy":
        return reviewer_calls.calls()
    if role == "Boundary":
        return (
            replace(call, caller=role)
            for call in service_calls()
            if call.caller in resource_calls.ROLES
        )
    return (call for call in service_calls() if call.caller == role)


def _checks() -> Iterator[Call]:
    """Yield the calls whose permissions `python -m operations check --permissions` prints."""
    for statement in checking()["Statement"]:
        yield from (Call("DeployRole", action, "*") for action in statement["Action"])


def _in_region(call: Call) -> Call:
    """Add the region to a call without a resource, whose ARN would name it; a new key has a tag."""
    return (
        call
        if call.resource != "*" or call.conditions
        else call.under("aws:requestedregion", "us-east-1")
    )


def _with_free_names(owner: str, call: Call) -> Call:
    conditions = {
        (
            key,
            _with_free_name(owner, value)
            if key.startswith(_NAMES) and isinstance(value, str)
            else value,
        )
        for key, value in call.conditions
    }
    return replace(
        call, resource=_with_free_name(owner, call.resource), conditions=frozenset(conditions)
    )


def _with_free_name(owner: str, text: str) -> str:
    for pattern in _FREE.get(owner, {}).values():
        if found := re.search(pattern, text):
            if text[found.end() : found.end() + 1] == "<":
                return text
            return f"{text[: found.end()]}<{text[found.end() :]}"
    return text
