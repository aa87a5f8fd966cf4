"""Grant reserved concurrency as Lambda does, and let CloudFormation set it.

MiniStack: reserves any number, though nothing is left for the account's other functions. Its
CloudFormation ignores the property.
AWS: leaves at least 100 executions of the account unreserved, and refuses more.
Source: Lambda API Reference, PutFunctionConcurrency;
https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from localcloud.ministack.patch import wrap

type Properties = Mapping[str, Any]
type Made = tuple[str, dict[str, Any]]

_TYPE = "AWS::Lambda::Function"
_PROPERTY = "ReservedConcurrentExecutions"
_DEFAULT_LIMIT = 1000  # of an account
_LEAST_UNRESERVED = 100  # of an account; all of a new one, which may have 10
_REFUSAL = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
    "below its minimum value of [{}]."
)


def install() -> None:
    """Look at every reservation, and let CloudFormation make those of its templates."""
    wrap(lambda_svc, "_put_function_concurrency", "func_name data", _put)
    wrap(provisioners, "_lambda_create", "logical_id props stack_name", _create)
    wrap(provisioners, "_lambda_update", "physical_id old_props new_props stack_name logical_id", _update)
    provisioners._RESOURCE_HANDLERS[_TYPE] |= {
        "create": provisioners._lambda_create,
        "update": provisioners._lambda_update,
    }


def _put(original: Callable[..., Any], name: str, data: Mapping[str, Any]) -> Any:
    refusal = _refusal(name, data.get(_PROPERTY, 0))
    return error_response_json("InvalidParameterValueException", refusal, 400) if refusal else original(name, data)


def _create(original: Callable[..., Made], logical_id: str, properties: Properties, stack_name: str) -> Made:
    _require(properties.get("FunctionName", ""), properties)
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
    _require(physical_id, new)
    made, attributes = original(physical_id, old, new, stack_name, logical_id)
    if _PROPERTY in old and _PROPERTY not in new:
        lambda_svc._delete_function_concurrency(made)
    _reserve(made, new)
    return made, attributes


def _require(name: str, properties: Properties) -> None:
    """Raise ValueError, the failure of a resource, with Lambda's words if it would refuse the reservation."""
    if refusal := _refusal(name, int(properties.get(_PROPERTY, 0))):
        raise ValueError(f'Resource handler returned message: "{refusal} (Service: Lambda, Status Code: 400)"')


def _reserve(name: str, properties: Properties) -> None:
    if _PROPERTY in properties:
        lambda_svc._put_function_concurrency(name, {_PROPERTY: int(properties[_PROPERTY])})


def _refusal(name: str, wanted: int) -> str | None:
    """Return Lambda's words if the account's other functions would be left too little, else None."""
    limit = lambda_svc._ACCOUNT_CONCURRENCY_CAP or _DEFAULT_LIMIT
    least = min(limit, _LEAST_UNRESERVED)
    functions = lambda_svc._functions.items()
    others = sum(int(one.get("concurrency") or 0) for other, one in functions if other != name)
    return _REFUSAL.format(least) if limit - others - wanted < least and wanted else None
