"""Refuse requests with AWS's errors, and fail the resources of stacks with AWS's messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services.cloudformation import provisioners

from localcloud.ministack.patch import wrap

type Answer = tuple[int, dict[str, str], bytes]
type Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A rule of AWS that requests and resources must follow.

    Args:
        area: the first column of docs/validation.md, as "CloudWatch alarms".
        refused: the requests that break the rule, for docs/validation.md.
        service: the name of the service in CloudFormation's messages, as "Lambda".
        code: the error code of the API.
        status: the HTTP status.
    """

    area: str
    refused: str
    service: str
    code: str
    status: int = 400

    def error(self, message: str) -> "RefusedError":
        """Return the error of a request that breaks the rule, with AWS's message."""
        return RefusedError(self, message)


class RefusedError(Exception):
    """AWS refuses the request."""

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message

    @property
    def resource_message(self) -> str:
        """Return CloudFormation's reason for the failed resource."""
        service = f"(Service: {self.rule.service}, Status Code: {self.rule.status})"
        return f'Resource handler returned message: "{self.message} {service}"'


@dataclass(frozen=True)
class Resource:
    """A resource that CloudFormation is about to create or to update.

    Args:
        name: the physical id.
        properties: the new properties, resolved.
        old_properties: the properties before an update; empty for a new resource.
        stack_name: the stack of the resource.
    """

    name: str
    properties: Properties
    old_properties: Properties
    stack_name: str


def json_answer(refused: RefusedError, *_arguments: Any) -> Answer:
    """Return the error in the JSON protocols."""
    answer: Answer = error_response_json(refused.rule.code, refused.message, refused.rule.status)
    return answer


def check_requests(
    owner: ModuleType,
    name: str,
    parameters: str,
    check: Callable[..., None],
    answer: Callable[..., Answer] = json_answer,
) -> None:
    """Check the requests of an operation before MiniStack sees them.

    Args:
        owner: the module of MiniStack with the operation's function.
        name: the name of the function.
        parameters: the names of its parameters, separated by spaces.
        check: receives the function's arguments and raises RefusedError.
        answer: receives the error and the function's arguments, and returns the answer.

    Raises:
        PatchMismatchError: the function is missing or has other parameters.
    """

    def checked(original: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            check(*arguments, **named)
        except RefusedError as refused:
            return answer(refused, *arguments, *named.values())
        return original(*arguments, **named)

    wrap(owner, name, parameters, checked)


def check_resources(resource_type: str, check: Callable[[Resource], None]) -> None:
    """Check the resources of a type before CloudFormation creates or updates them.

    A refused resource fails its stack.
    """
    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    for action in {"create", "update"} & handler.keys():
        handler[action] = _checked(handler[action], action, check)


def _checked(
    original: Callable[..., Any], action: str, check: Callable[[Resource], None]
) -> Callable[..., Any]:
    def create(logical_id: str, properties: Properties, stack_name: str) -> Any:
        name = provisioners._physical_name(stack_name, logical_id, max_len=64)
        _require(check, Resource(name, properties, {}, stack_name))
        return original(logical_id, properties, stack_name)

    def update(
        physical_id: str, old: Properties, new: Properties, stack_name: str, *rest: Any
    ) -> Any:
        _require(check, Resource(physical_id, new, old, stack_name))
        return original(physical_id, old, new, stack_name, *rest)

    return create if action == "create" else update


def _require(check: Callable[[Resource], None], resource: Resource) -> None:
    """Raise ValueError, which fails the resource, if AWS refuses the resource."""
    try:
        check(resource)
    except RefusedError as refused:
        raise ValueError(refused.resource_message) from refused
