"""Limit reserved concurrency as Lambda does, and let CloudFormation set it.

MiniStack: reserves any number, even if the account's other functions get nothing. Its
CloudFormation ignores the property.
AWS: leaves at least 100 executions of the account unreserved, and refuses more.
Source: Lambda API Reference, PutFunctionConcurrency;
https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from localcloud.ministack.patch import wrap
from localcloud.ministack.refusals import Resource, Rule, check_requests, check_resources

type Properties = Mapping[str, Any]
type Made = tuple[str, dict[str, Any]]

CONCURRENCY = Rule(
    "Lambda functions",
    "reserved concurrency that leaves the account less than 100 unreserved executions",
    "Lambda",
    "InvalidParameterValueException",
)
RULES = (CONCURRENCY,)

_TYPE = "AWS::Lambda::Function"
_PROPERTY = "ReservedConcurrentExecutions"
_DEFAULT_LIMIT = 1000  # of an account
_LEAST_UNRESERVED = 100  # executions of an account; a new account may have 10 in all
_REFUSAL = (
    "Specified ReservedConcurrentExecutions for function decreases account's "
    "UnreservedConcurrentExecution below its minimum value of [{}]."
)


def install() -> None:
    """Check every reservation, and let CloudFormation make reservations."""
    check_requests(lambda_svc, "_put_function_concurrency", "func_name data", _check_request)
    wrap(provisioners, "_lambda_create", "logical_id props stack_name", _create)
    wrap(
        provisioners,
        "_lambda_update",
        "physical_id old_props new_props stack_name logical_id",
        _update,
    )
    provisioners._RESOURCE_HANDLERS[_TYPE] |= {
        "create": provisioners._lambda_create,
        "update": provisioners._lambda_update,
    }
    check_resources(_TYPE, _check_resource)


def _create(
    original: Callable[..., Made], logical_id: str, properties: Properties, stack_name: str
) -> Made:
    made, attributes = original(logical_id, properties, stack_name)
    _reserve(made, properties)
    return made, attributes


def _update(
    original: Callable[..., Made],
    physical_id: str,
    old: Properties,
    new: Properties,
    stack_name: str,
    logical_id: str | None = None,
) -> Made:
    made, attributes = original(physical_id, old, new, stack_name, logical_id)
    if _PROPERTY in old and _PROPERTY not in new:
        lambda_svc._delete_function_concurrency(made)
    _reserve(made, new)
    return made, attributes


def _reserve(name: str, properties: Properties) -> None:
    if _PROPERTY in properties:
        lambda_svc._put_function_concurrency(name, {_PROPERTY: int(properties[_PROPERTY])})


def _check_request(name: str, data: Properties) -> None:
    if name in lambda_svc._functions:  # otherwise Lambda answers that the function does not exist
        _check(name, data.get(_PROPERTY, 0))


def _check_resource(resource: Resource) -> None:
    name = resource.properties.get("FunctionName") or resource.name
    _check(name, int(resource.properties.get(_PROPERTY, 0)))


def _check(name: str, requested: int) -> None:
    """Raise RefusedError if too few executions remain for the account's other functions."""
    limit = lambda_svc._ACCOUNT_CONCURRENCY_CAP or _DEFAULT_LIMIT
    least = min(limit, _LEAST_UNRESERVED)
    functions = lambda_svc._functions.items()
    others = sum(int(one.get("concurrency") or 0) for other, one in functions if other != name)
    if requested and limit - others - requested < least:
        raise CONCURRENCY.error(_REFUSAL.format(least))
