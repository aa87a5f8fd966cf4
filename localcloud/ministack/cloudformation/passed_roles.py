"""Check whether a caller may give CloudFormation a role.

MiniStack: neither checks iam:PassRole nor sets the condition key cloudformation:RoleArn.
AWS: a principal that passes a service role needs iam:PassRole. The key cloudformation:RoleArn
restricts the roles that it can name.
Source: CloudFormation User Guide, "CloudFormation service role"; Service Authorization Reference,
"Actions, resources, and condition keys for AWS CloudFormation".
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.services.cloudformation import changesets, handlers
from ministack.services.cloudformation.helpers import _error

from localcloud.ministack.iam.caller import denial
from localcloud.ministack.patch import wrap
from localcloud.ministack.refusals import Answer, RefusedError, Rule, check_requests

PASSED_ROLE = Rule(
    "CloudFormation templates",
    "a role that the caller may not pass to CloudFormation",
    "CloudFormation",
    "AccessDenied",
    403,
)
RULES = (PASSED_ROLE,)

_SERVICE = {"iam:passedtoservice": "cloudformation.amazonaws.com"}


def install() -> None:
    """Check the roles of change sets and stacks, and set the condition key."""
    wrap(iam_actions, "request_tag_context", "service iam_action body params", _condition_keys)
    check_requests(changesets, "_create_change_set", "params", _check, _answer)

    for name in ("_create_stack", "_update_stack", "_delete_stack"):
        check_requests(handlers, name, "params", _check, _answer)

    handlers._ACTION_HANDLERS.update(
        CreateChangeSet=changesets._create_change_set,
        CreateStack=handlers._create_stack,
        UpdateStack=handlers._update_stack,
        DeleteStack=handlers._delete_stack,
    )


def _condition_keys(
    original: Callable[..., dict[str, Any]],
    service: str,
    iam_action: str,
    body: bytes,
    params: Mapping[str, Any],
) -> dict[str, Any]:
    keys = original(service, iam_action, body, params)
    role_arn = _role_arn(params) if service == "cloudformation" else ""
    return {**keys, "cloudformation:RoleArn": role_arn} if role_arn else keys


def _check(params: Mapping[str, Any]) -> None:
    role_arn = _role_arn(params)
    message = denial("iam:PassRole", role_arn, _SERVICE) if role_arn else None
    if message:
        raise PASSED_ROLE.error(message)


def _role_arn(params: Mapping[str, Any]) -> str:
    return str(handlers._p(params, "RoleARN"))


def _answer(refused: RefusedError, *_arguments: Any) -> Answer:
    answer: Answer = _error(refused.rule.code, refused.message, refused.rule.status)
    return answer
