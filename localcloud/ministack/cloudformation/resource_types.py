"""Create resources of four types that MiniStack's CloudFormation does not know.

MiniStack: refuses templates with these types, though it emulates the services behind most of them.
AWS: creates them.
Source: CloudFormation Template Reference: AWS::CloudWatch::CompositeAlarm, AWS::Budgets::Budget,
AWS::IAM::OIDCProvider, AWS::Logs::QueryDefinition.
Remove a type when MiniStack knows it: `install` then fails and names it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import budgets, cloudwatch, iam
from ministack.services.cloudformation import provisioners

from localcloud.ministack.logs import saved_queries
from localcloud.ministack.patch import PatchMismatchError

type Properties = Mapping[str, Any]
type Made = tuple[str, dict[str, str]]


def install() -> None:
    """Register the types.

    Raises:
        PatchMismatchError: this version of MiniStack knows one of them.
    """
    handlers = provisioners._RESOURCE_HANDLERS
    for name, create, delete in (
        ("AWS::CloudWatch::CompositeAlarm", _create_composite_alarm, _delete_composite_alarm),
        ("AWS::Budgets::Budget", _create_budget, _delete_budget),
        ("AWS::IAM::OIDCProvider", _create_identity_provider, _delete_identity_provider),
        ("AWS::Logs::QueryDefinition", _create_query, _delete_query),
    ):
        if name in handlers:
            raise PatchMismatchError(provisioners, "_RESOURCE_HANDLERS", f"has {name} by now")
        update = _update_query if create is _create_query else _again(create, delete)
        handlers[name] = {"create": create, "update": update, "delete": delete}


def _again(create: Callable[..., Made], delete: Callable[..., None]) -> Callable[..., Made]:
    """Update a resource by deletion and creation; these types hold no data."""

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str) -> Made:
        delete(physical_id, old)
        return create(physical_id, new, stack_name)

    return update


def _create_composite_alarm(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    _require(cloudwatch._put_composite_alarm({}, dict(properties), False, True))
    name = properties["AlarmName"]
    return name, {"Arn": cloudwatch._composite_alarms[name]["AlarmArn"]}


def _delete_composite_alarm(physical_id: str, _properties: Properties) -> None:
    _require(cloudwatch._delete_alarms({}, {"AlarmNames": [physical_id]}, False, True))


def _create_budget(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    limit = properties["Budget"]["BudgetLimit"]
    budget = {**properties["Budget"], "BudgetLimit": {**limit, "Amount": str(limit["Amount"])}}
    _require(
        budgets._create_budget({"AccountId": get_account_id(), **properties, "Budget": budget})
    )
    return budget["BudgetName"], {}


def _delete_budget(physical_id: str, _properties: Properties) -> None:
    _require(budgets._delete_budget({"AccountId": get_account_id(), "BudgetName": physical_id}))


def _create_identity_provider(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    clients = {
        f"ClientIDList.member.{number}": name
        for number, name in enumerate(properties["ClientIdList"], 1)
    }
    _require(iam._create_oidc_provider({"Url": properties["Url"], **clients}))
    host = properties["Url"].removeprefix("https://")
    arn = f"arn:aws:iam::{get_account_id()}:oidc-provider/{host}"

    return arn, {"Arn": arn}


def _delete_identity_provider(physical_id: str, _properties: Properties) -> None:
    _require(iam._delete_oidc_provider({"OpenIDConnectProviderArn": physical_id}))


def _create_query(_logical_id: str, properties: Properties, _stack_name: str) -> Made:
    return _put_query(properties)


def _update_query(physical_id: str, _old: Properties, new: Properties, _stack_name: str) -> Made:
    known = (
        physical_id in saved_queries.definitions
    )  # missing in states that an older version saved
    return _put_query(new, **({"queryDefinitionId": physical_id} if known else {}))


def _put_query(properties: Properties, **known: str) -> Made:
    request = {name[0].lower() + name[1:]: value for name, value in properties.items()}
    answer = saved_queries.put({**request, **known})
    _require(answer)
    identifier = json.loads(answer[2])["queryDefinitionId"]
    return identifier, {"QueryDefinitionId": identifier}


def _delete_query(physical_id: str, _properties: Properties) -> None:
    saved_queries.delete(
        {"queryDefinitionId": physical_id}
    )  # or nothing, if somebody deleted the resource by hand


def _require(answer: tuple[int, Any, bytes | str]) -> None:
    """Raise ValueError, which fails the resource, with the service's message."""
    if answer[0] >= 400:
        raise ValueError(answer[2])
