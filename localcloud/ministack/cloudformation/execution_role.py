"""Let CloudFormation work in the role of a stack operation (`--role-arn`).

MiniStack: ignores the role.
AWS: makes every call in that role, and remembers it for later operations on the stack.
Source: CloudFormation User Guide, "CloudFormation service role".
Remove this patch when MiniStack does the same.

resource_requests.py has the requests that are checked, and the condition keys that they carry.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.core.responses import get_region
from ministack.services.cloudformation import _stacks, changesets, handlers, provisioners, stacks

from localcloud.ministack.cloudformation.resource_requests import (
    Request,
    of_creation,
    of_deletion,
    of_update,
)
from localcloud.ministack.iam.service_role import RoleDeniedError, ServiceRole
from localcloud.ministack.patch import wrap

type Parameters = Mapping[str, Any]
type Properties = Mapping[str, Any]

_PRINCIPAL = "cloudformation.amazonaws.com"
_SAM = "Serverless-2016-10-31"


def install() -> None:
    """Remember the role of a stack, and check it before a resource is created or deleted."""
    wrap(changesets, "_create_change_set", "params", _create_change_set)
    wrap(changesets, "_execute_change_set", "params", _execute_change_set)
    wrap(handlers, "_create_stack", "params", _create_stack)

    for name in ("_update_stack", "_delete_stack"):
        wrap(handlers, name, "params", _change_stack)

    handlers._ACTION_HANDLERS.update(
        CreateChangeSet=changesets._create_change_set,
        ExecuteChangeSet=changesets._execute_change_set,
        CreateStack=handlers._create_stack,
        UpdateStack=handlers._update_stack,
        DeleteStack=handlers._delete_stack,
    )
    wrap(
        provisioners, "_provision_resource", "resource_type logical_id props stack_name", _provision
    )
    wrap(
        provisioners,
        "_delete_resource",
        "resource_type physical_id props stack_name logical_id",
        _delete,
    )

    for name in ("_provision_resource", "_delete_resource"):
        setattr(stacks, name, getattr(provisioners, name))

    for resource_type, handler in provisioners._RESOURCE_HANDLERS.items():
        if "update" in handler:
            handler["update"] = _checked_update(resource_type, handler["update"])


def _given(params: Parameters, name: str) -> str:
    value: str = handlers._p(params, name)
    return value


def _create_change_set(original: Callable[..., Any], params: Parameters) -> Any:
    answer = original(params)
    role_arn = _given(params, "RoleARN")
    _, change_set = changesets._find_change_set(
        _given(params, "ChangeSetName"), _given(params, "StackName")
    )
    if answer[0] == 200 and role_arn and change_set:
        change_set["RoleARN"] = role_arn
        if _SAM in change_set["_template_body"]:
            _expand(change_set, role_arn)

    return answer


def _expand(change_set: dict[str, Any], role_arn: str) -> None:
    """Fail the change set if the role may not expand SAM's macro."""
    macro = f"arn:aws:cloudformation:{get_region()}:aws:transform/{_SAM}"
    try:
        _require(role_arn, change_set["StackId"], [("cloudformation:CreateChangeSet", macro, {})])
    except RoleDeniedError as exc:
        change_set.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=str(exc))


def _execute_change_set(original: Callable[..., Any], params: Parameters) -> Any:
    _, change_set = changesets._find_change_set(
        _given(params, "ChangeSetName"), _given(params, "StackName")
    )
    if change_set and "RoleARN" in change_set and change_set["StackName"] in _stacks:
        _stacks[change_set["StackName"]]["RoleARN"] = change_set["RoleARN"]
    return original(params)


def _create_stack(original: Callable[..., Any], params: Parameters) -> Any:
    answer = original(params)  # the work begins after the answer to this request
    if answer[0] == 200 and (role_arn := _given(params, "RoleARN")):
        _stacks[_given(params, "StackName")]["RoleARN"] = role_arn
    return answer


def _change_stack(original: Callable[..., Any], params: Parameters) -> Any:
    stack = handlers._resolve_stack(_given(params, "StackName"))
    if stack and (role_arn := _given(params, "RoleARN")):
        stack["RoleARN"] = role_arn
    return original(params)


def _provision(
    original: Callable[..., Any],
    resource_type: str,
    logical_id: str,
    props: Properties,
    stack_name: str,
) -> Any:
    if stack := _stack_with_role(stack_name):
        made = of_creation(resource_type, logical_id, props, stack_name, stack.get("Tags", []))
        _require(stack["RoleARN"], stack["StackId"], made)
    return original(resource_type, logical_id, props, stack_name)


def _checked_update(resource_type: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler of updates that first checks the stack's role."""

    def update(
        physical_id: str, old: Properties, new: Properties, stack_name: str, *rest: Any
    ) -> Any:
        if stack := _stack_with_role(stack_name):
            made = of_update(resource_type, physical_id, old, new, stack.get("Tags", []))
            _require(stack["RoleARN"], stack["StackId"], made)
        return original(physical_id, old, new, stack_name, *rest)

    return update


def _delete(
    original: Callable[..., Any],
    resource_type: str,
    physical_id: str,
    props: Properties,
    stack_name: str | None = None,
    logical_id: str | None = None,
) -> Any:
    if stack := _stack_with_role(stack_name or ""):
        deleted = of_deletion(resource_type, physical_id, props)
        _require(stack["RoleARN"], stack["StackId"], [deleted])
    return original(resource_type, physical_id, props, stack_name, logical_id)


def session_of_stack(name: str) -> str | None:
    """Return the ARN of CloudFormation's session for a stack; None without a role."""
    stack = _stack_with_role(name)
    return _role(stack["RoleARN"], stack["StackId"]).caller_arn if stack else None


def _stack_with_role(name: str) -> dict[str, Any] | None:
    """Return the stack or its outer stack, if an operation named a role for it."""
    stack: dict[str, Any] | None = _stacks.get(name)
    while stack and not stack.get("RoleARN"):
        stack = handlers._resolve_stack(stack["ParentId"]) if stack.get("ParentId") else None
    return stack


def _require(role_arn: str, stack_id: str, requests: Iterable[Request]) -> None:
    role = _role(role_arn, stack_id)
    role.assume()
    for action, arn, conditions in requests:
        role.require(action.partition(":")[0], action, arn, conditions)


def _role(role_arn: str, stack_id: str) -> ServiceRole:
    return ServiceRole(role_arn, _PRINCIPAL, stack_id, "AWSCloudFormation")
