"""Give writes to DynamoDB and events for EventBridge the condition keys of their requests.

MiniStack: sets dynamodb:Attributes for projections alone, and no condition key of PutEvents.
AWS: dynamodb:Attributes has the attributes that a request names, of each item of a transaction;
PutEvents has events:source and events:detail-type, and each entry is authorized.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon
DynamoDB" and "... for Amazon EventBridge". Whether a condition expression counts is not documented;
it counts here, which is the stricter reading.
Remove this patch when MiniStack does the same.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator

from localcloud.ministack.patch import wrap

_ATTRIBUTES = "dynamodb:Attributes"
# Notes from the reading of a request to the decision, which no policy sees.
_ENTRIES = "local:entries"
_WRITES = "local:writes"
_MEMBERS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
# A name or placeholder at the beginning of a path, but not a value (:name) or a function.
_NAME = re.compile(r"(?<![\w#:.])#?[A-Za-z_]\w*(?![\w]|\s*\()")
_WORDS = {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"}

type _Writes = dict[tuple[str, str], list[str]]


def install() -> None:
    """Read the condition keys from requests, and pass them to each decision."""
    wrap(iam_actions, "dynamodb_service_context", "body", _dynamodb_context)
    wrap(iam_actions, "request_tag_context", "service iam_action body params", _events_context)
    wrap(
        iam_evaluator,
        "enforce",
        "access_key_id iam_action service region resource_arn service_context",
        _enforce,
    )


def _dynamodb_context(original: Callable[..., dict[str, Any]], body: bytes) -> dict[str, Any]:
    writes: _Writes = {}
    for action, request in _requests(_json(body)):
        table = str(request.get("TableName")).rpartition("/")[2]
        writes.setdefault((f"dynamodb:{action}", table), []).extend(_attributes(request))
    return {**original(body), _WRITES: writes}


def _requests(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the writes of a request: the items of a transaction, or the request itself."""
    items = data.get("TransactItems")
    if isinstance(items, list):
        for item in items:
            for member, request in item.items() if isinstance(item, dict) else ():
                if member in _MEMBERS and isinstance(request, dict):
                    yield _MEMBERS[member], request
    elif "Item" in data:
        yield "PutItem", data
    elif "Key" in data:  # GetItem as well, whose projection MiniStack reads
        yield "UpdateItem", data
        yield "DeleteItem", data


def _attributes(request: Mapping[str, Any]) -> Iterator[str]:
    yield from request.get("Key") or {}
    yield from request.get("Item") or {}
    yield from request.get("AttributeUpdates") or {}
    yield from request.get("Expected") or {}

    placeholders = request.get("ExpressionAttributeNames") or {}
    for expression in ("UpdateExpression", "ConditionExpression"):
        for name in _NAME.findall(str(request.get(expression) or "")):
            if name.upper() not in _WORDS:
                yield placeholders.get(name, name)


def _events_context(
    original: Callable[..., dict[str, Any]],
    service: str,
    iam_action: str,
    body: bytes,
    params: dict[str, Any],
) -> dict[str, Any]:
    context = original(service, iam_action, body, params)
    if iam_action != "events:PutEvents":
        return context

    entries = _json(body).get("Entries")
    sent = [
        {"events:source": entry.get("Source"), "events:detail-type": entry.get("DetailType")}
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    ]
    return {**context, _ENTRIES: sent}


def _enforce(
    original: Callable[..., Any],
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: Mapping[str, Any] | None = None,
) -> Any:
    context = dict(service_context or {})
    entries = context.pop(_ENTRIES, None) or [{}]
    writes: _Writes = context.pop(_WRITES, {})
    attributes = writes.get((iam_action, resource_arn.rpartition("/")[2]))
    if attributes:
        context[_ATTRIBUTES] = sorted({*attributes})

    for entry in entries:
        denied = original(
            access_key_id, iam_action, service, region, resource_arn, {**context, **entry}
        )
        if denied:
            return denied
    return None


def _json(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
