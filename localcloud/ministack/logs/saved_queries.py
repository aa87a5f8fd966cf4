"""Store saved queries (query definitions) of CloudWatch Logs.

MiniStack: does not have them.
AWS: creates, lists and deletes them.
Source: CloudWatch Logs API Reference, PutQueryDefinition, DescribeQueryDefinitions,
DeleteQueryDefinition.
Remove this patch when MiniStack does the same.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from time import time
from typing import Any

from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    json_response,
    new_uuid,
)
from ministack.services import cloudwatch_logs

from localcloud.ministack.patch import wrap

_STATE = "query_definitions"
_MOST = 1000  # items of a page
# By id, as QueryDefinition in botocore's model of CloudWatch Logs.
definitions = AccountRegionScopedDict()

type Answer = tuple[int, Mapping[str, str], bytes]


def install() -> None:
    """Save the saved queries with the state of CloudWatch Logs."""
    wrap(cloudwatch_logs, "get_state", "", _get_state)
    wrap(cloudwatch_logs, "_restore_state", "data", _restore_state)
    wrap(cloudwatch_logs, "reset", "", _reset)


def put(data: Mapping[str, Any]) -> Answer:
    """Create a saved query, or replace it as a whole."""
    identifier = data.get("queryDefinitionId") or new_uuid()
    if "queryDefinitionId" in data and identifier not in definitions:
        return _missing(identifier)

    if not data.get("name") or not data.get("queryString"):
        return _answer(
            error_response_json(
                "InvalidParameterException", "name and queryString are required.", 400
            )
        )

    given = {
        name: data[name]
        for name in ("name", "queryString", "logGroupNames", "parameters")
        if name in data
    }
    definitions[identifier] = {
        "queryLanguage": data.get("queryLanguage", "CWLI"),
        "queryDefinitionId": identifier,
        "lastModified": int(time() * 1000),
        "logGroupNames": [],
        **given,
    }

    return _answer(json_response({"queryDefinitionId": identifier}))


def describe(data: Mapping[str, Any]) -> Answer:
    """List all saved queries, or the queries whose names start with a prefix."""
    prefix = data.get("queryDefinitionNamePrefix", "")
    language = data.get("queryLanguage")
    found = [
        one
        for one in definitions.values()
        if one["name"].startswith(prefix) and language in (None, one["queryLanguage"])
    ]
    shown, following = page(found, data.get("nextToken"), data.get("maxResults") or _MOST)

    return _answer(json_response({"queryDefinitions": shown, **following}))


def delete(data: Mapping[str, Any]) -> Answer:
    """Delete a saved query."""
    identifier = data.get("queryDefinitionId", "")
    if identifier not in definitions:
        return _missing(identifier)
    del definitions[identifier]
    return _answer(json_response({"success": True}))


def page(
    items: Sequence[Any], token: str | None, most: int
) -> tuple[Sequence[Any], dict[str, str]]:
    """Return a page of items, and the token member of the answer."""
    start: int = cloudwatch_logs._decode_token(token)
    end = start + most
    following = {"nextToken": cloudwatch_logs._encode_token(end)} if end < len(items) else {}
    return items[start:end], following


def _missing(identifier: str) -> Answer:
    sentence = f"The specified query definition does not exist: {identifier}"
    return _answer(error_response_json("ResourceNotFoundException", sentence, 400))


def _answer(answer: Any) -> Answer:
    found: Answer = answer
    return found


def _get_state(original: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return {**original(), _STATE: copy.deepcopy(definitions)}


def _restore_state(original: Callable[[Any], None], data: Any) -> None:
    original(data)
    definitions.update((data or {}).get(_STATE, {}))


def _reset(original: Callable[[], None]) -> None:
    original()
    definitions.clear()
