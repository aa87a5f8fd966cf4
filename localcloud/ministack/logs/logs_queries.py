"""Run the queries of Logs Insights, or refuse them and name the missing feature.

MiniStack: answers unknown queries with other rows.
AWS: runs a query or refuses it with MalformedQueryException.
Source: botocore's model of CloudWatch Logs, StartQuery and its neighbours (shapes and limits).
Remove this patch when MiniStack does the same.

A query has ended when StartQuery answers. StopQuery always refuses, and the status is always
Complete.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import time
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, json_response, new_uuid
from ministack.services import cloudwatch_logs

from localcloud.logs_insights.commands import MOST_ROWS, parse
from localcloud.logs_insights.errors import MalformedQueryError
from localcloud.logs_insights.events import Event
from localcloud.logs_insights.run import Result, run
from localcloud.ministack.logs import saved_queries
from localcloud.ministack.patch import wrap

LANGUAGE = "CWLI"
_MOST_GROUPS = 50
_MOST_CHARACTERS = 10_000
_PAGE = 10_000
_MILLISECONDS = 100_000_000_000  # as seconds this is the year 5138
_GROUPS = ("logGroupName", "logGroupNames", "logGroupIdentifiers")

type Answer = tuple[int, Mapping[str, str], bytes]
type Request = Mapping[str, Any]


class RefusedError(Exception):
    """A request is refused with an error of the model."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.members = members

    def answer(self) -> Answer:
        """Return the error as CloudWatch Logs sends it."""
        answer: Answer = error_response_json(self.code, str(self), 400, self.members or None)
        return answer


def install() -> None:
    """Answer the actions on queries and on saved queries."""
    wrap(cloudwatch_logs, "_start_query", "data", _refusing(_start))
    wrap(cloudwatch_logs, "_get_query_results", "data", _refusing(_results))
    wrap(cloudwatch_logs, "_stop_query", "data", _refusing(_stop))
    wrap(cloudwatch_logs, "handle_request", "method path headers body query_params", _handle)
    saved_queries.install()


def _refusing(act: Callable[[Request], Answer]) -> Callable[..., Answer]:
    def around(_original: Callable[..., Answer], data: Request) -> Answer:
        try:
            return act(data)
        except RefusedError as exc:
            return exc.answer()

    return around


async def _handle(
    original: Callable[..., Any],
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: Any,
    query_params: Any,
) -> Any:
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    act = _ACTIONS.get(action)
    if act is None:
        return await original(method, path, headers, body, query_params)
    return act(json.loads(body or "{}"))


def _start(data: Request) -> Answer:
    text = data.get("queryString", "")
    start = _time(data, "startTime")
    end = _time(data, "endTime")
    if data.get("queryLanguage", LANGUAGE) != LANGUAGE:
        raise RefusedError(
            "InvalidParameterException",
            f"The local cloud does not emulate the query language {data['queryLanguage']}.",
        )

    if len(text) > _MOST_CHARACTERS:
        raise RefusedError(
            "InvalidParameterException",
            f"queryString has more than {_MOST_CHARACTERS:,} characters.",
        )

    if start > end:
        raise RefusedError(
            "InvalidParameterException", f"startTime {start} is after endTime {end}."
        )

    try:
        query = parse(text)
    except MalformedQueryError as exc:
        raise _malformed(exc) from exc

    groups = _groups(data)
    _refuse_early(groups, end)
    result = run(query, list(_events(groups, start, end)), get_account_id(), _limit(data))

    return _answer({"queryId": _keep(data, groups, result)})


def _answer(members: Mapping[str, Any]) -> Answer:
    answer: Answer = json_response(members)
    return answer


def _malformed(error: MalformedQueryError) -> RefusedError:
    location = {"startCharOffset": error.start, "endCharOffset": error.end}
    compiled = {"location": location, "message": str(error)}
    return RefusedError("MalformedQueryException", str(error), queryCompileError=compiled)


def _time(data: Request, name: str) -> int:
    seconds = data.get(name)
    if not isinstance(seconds, int) or not 0 <= seconds < _MILLISECONDS:
        raise RefusedError(
            "InvalidParameterException",
            f"{name} {seconds} is not a time in seconds since the epoch.",
        )
    return seconds


def _limit(data: Request) -> int | None:
    limit = data.get("limit")
    if limit is not None and not 1 <= limit <= MOST_ROWS:
        raise RefusedError(
            "InvalidParameterException", f"limit {limit} is not from 1 to {MOST_ROWS:,}."
        )
    return limit


def _groups(data: Request) -> list[str]:
    given = [name for name in _GROUPS if data.get(name)]
    if len(given) != 1:
        raise RefusedError(
            "InvalidParameterException",
            f"Exactly one of {', '.join(_GROUPS)} is required, not {given}.",
        )

    value = data[given[0]]
    named: Sequence[str] = [value] if isinstance(value, str) else value
    if len(named) > _MOST_GROUPS:
        raise RefusedError(
            "InvalidParameterException", f"{len(named)} log groups are more than {_MOST_GROUPS}."
        )

    names = [one.partition(":log-group:")[2] or one for one in named]
    for name in names:
        if name not in cloudwatch_logs._log_groups:
            raise RefusedError(
                "ResourceNotFoundException", f"The specified log group does not exist: {name}"
            )

    return names


def _refuse_early(groups: Iterable[str], end: int) -> None:
    """Refuse a time range that ends before the log groups existed, with AWS's message."""
    created = min(cloudwatch_logs._log_groups[name]["creationTime"] for name in groups)
    if end * 1000 < created // 1000 * 1000:
        raise RefusedError(
            "MalformedQueryException",
            "end date and time is either before the log groups creation time or exceeds the log "
            "groups log retention settings",
        )


def _events(groups: Sequence[str], start: int, end: int) -> Iterator[Event]:
    """Yield the events of a time range in seconds, including both ends, ordered by time."""
    cloudwatch_logs._collect_query_records(
        groups, start, end
    )  # this gives every event an id, for GetLogRecord
    found = [
        Event(
            event["eventId"],
            group,
            stream,
            event["message"],
            event["timestamp"],
            event.get("ingestionTime", event["timestamp"]),
        )
        for group in groups
        for stream, content in list(cloudwatch_logs._log_groups[group]["streams"].items())
        for event in list(content["events"])
        if start * 1000 <= event["timestamp"] <= end * 1000
    ]
    yield from sorted(found, key=lambda event: event.timestamp)


def _keep(data: Request, groups: Sequence[str], result: Result) -> str:
    query_id: str = new_uuid()
    cloudwatch_logs._queries[query_id] = {
        "queryId": query_id,
        "logGroupName": groups[0],
        "logGroupNames": list(groups),
        "queryString": data["queryString"],
        "status": "Complete",
        "createTime": int(time() * 1000),
        "results": [
            [{"field": name, "value": value} for name, value in row] for row in result.rows
        ],
        "statistics": {
            "recordsMatched": float(result.matched),
            "recordsScanned": float(result.scanned),
            "bytesScanned": float(result.bytes_scanned),
            "logGroupsScanned": float(len(groups)),
            "resultCount": float(len(result.rows)),
        },
    }
    return query_id


def _query(data: Request) -> Mapping[str, Any]:
    query: Mapping[str, Any] | None = cloudwatch_logs._queries.get(data.get("queryId"))
    if query is None:
        raise RefusedError(
            "ResourceNotFoundException",
            f"The specified query does not exist: {data.get('queryId')}",
        )
    return query


def _results(data: Request) -> Answer:
    query = _query(data)
    rows, following = saved_queries.page(
        query["results"], data.get("nextToken"), data.get("maxItems") or _PAGE
    )
    return _answer(
        {
            "queryLanguage": LANGUAGE,
            "status": query["status"],
            "results": rows,
            "statistics": query["statistics"],
            **following,
        }
    )


def _stop(data: Request) -> Answer:
    query = _query(data)
    raise RefusedError(
        "InvalidParameterException",
        f"The query {query['queryId']} is not running: {query['status']}.",
    )


def _describe(data: Request) -> Answer:
    filters = data.get("logGroupName"), data.get("status")
    found = [
        {
            "queryLanguage": LANGUAGE,
            "queryId": query["queryId"],
            "queryString": query["queryString"],
            "status": query["status"],
            "createTime": query.get("createTime", 0),
            "logGroupName": query["logGroupName"],
            "bytesScanned": query["statistics"]["bytesScanned"],
        }
        for query in cloudwatch_logs._queries.values()
        if filters[0] in (None, *query["logGroupNames"]) and filters[1] in (None, query["status"])
    ]
    queries, following = saved_queries.page(
        found, data.get("nextToken"), data.get("maxResults") or 1000
    )

    return _answer({"queries": queries, **following})


_ACTIONS: Mapping[str, Callable[[Request], Answer]] = {
    "DescribeQueries": _describe,
    "PutQueryDefinition": saved_queries.put,
    "DescribeQueryDefinitions": saved_queries.describe,
    "DeleteQueryDefinition": saved_queries.delete,
}
