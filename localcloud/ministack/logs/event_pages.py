"""Give every log event an id, and return the events of FilterLogEvents in pages.

MiniStack: returns the first page without a token for the next one. It ignores the prefix of stream
names and the direction. Lines of Lambda functions have no id.
AWS: returns pages of at most 10,000 events and 1 MB, with a token if there is more. `aws logs tail
--follow` needs the ids.
Source: CloudWatch Logs API Reference, FilterLogEvents, FilteredLogEvent and PutLogEvents (how an
event's size is counted).
Remove this patch when MiniStack does the same.
"""

import base64
import heapq
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import dropwhile
from typing import Any, NamedTuple

from ministack.core.responses import json_response, new_uuid
from ministack.services import cloudwatch_logs

from localcloud.ministack.patch import wrap
from localcloud.ministack.refusals import Answer, Rule, check_requests

_AREA = "CloudWatch Logs events"
STREAMS = Rule(
    _AREA,
    "stream names together with a prefix of stream names",
    "CloudWatchLogs",
    "InvalidParameterException",
)
TOKEN = Rule(
    _AREA,
    "a token that FilterLogEvents does not return",
    "CloudWatchLogs",
    "InvalidParameterException",
)
RULES = (STREAMS, TOKEN)

_MOST_EVENTS = 10_000
_MOST_BYTES = 1_048_576
_EVENT_OVERHEAD = 26  # bytes that CloudWatch Logs adds to the message of an event


class _Place(NamedTuple):
    """The place of an event in a log group; it stays the same when later events arrive.

    Args:
        timestamp: in milliseconds.
        stream: the name of the log stream.
        offset: the number of earlier events with this timestamp in the stream.
    """

    timestamp: int
    stream: str
    offset: int


def install() -> None:
    """Replace FilterLogEvents, and give an id to the events that MiniStack's services append."""
    wrap(cloudwatch_logs, "_append_log_events", "stream events", _append)
    wrap(cloudwatch_logs, "_filter_log_events", "data", _filter)
    check_requests(cloudwatch_logs, "_filter_log_events", "data", _check)


def _append(original: Callable[..., None], stream: Any, events: Sequence[dict[str, Any]]) -> None:
    for event in events:
        event.setdefault("eventId", new_uuid())
    original(stream, events)


def _check(data: Mapping[str, Any]) -> None:
    if data.get("logStreamNames") and data.get("logStreamNamePrefix"):
        raise STREAMS.error("LogStreamNamePrefix and LogStreamNames cannot be specified together.")

    token = data.get("nextToken")
    if not token:
        return

    try:
        _read_token(token)
    except (ValueError, TypeError) as exc:
        raise TOKEN.error("The specified nextToken is invalid.") from exc


def _filter(original: Callable[..., Answer], data: Mapping[str, Any]) -> Answer:
    group = cloudwatch_logs._log_groups.get(cloudwatch_logs._resolve_log_group_name(data))
    if group is None:
        return original(data)  # the request is refused

    forward = data.get("startFromHead", True)
    last = None
    if data.get("nextToken"):
        forward, last = _read_token(data["nextToken"])

    found = _events(group["streams"], {**data, **_rest(data, forward, last)}, forward)
    if last is not None:
        found = dropwhile(lambda one: one[0] <= last if forward else one[0] >= last, found)

    events, following = _page(found, data, forward)
    answer: Answer = json_response({"events": events, "searchedLogStreams": [], **following})

    return answer


def _rest(data: Mapping[str, Any], forward: bool, last: _Place | None) -> dict[str, int]:
    """Return a bound of the time range, in milliseconds, that skips events before ``last``."""
    if last is None:
        return {}
    if forward:
        return {"startTime": max(data.get("startTime") or 0, last.timestamp)}
    return {"endTime": min(data.get("endTime") or last.timestamp, last.timestamp)}


def _page(
    found: Iterator[tuple[_Place, dict[str, Any]]], data: Mapping[str, Any], forward: bool
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the matching events of a page, and the token member of the answer."""
    matches = cloudwatch_logs._compile_filter_pattern(data.get("filterPattern") or "")
    limit = min(data.get("limit") or _MOST_EVENTS, _MOST_EVENTS)
    events: list[dict[str, Any]] = []
    size = 0
    last = None

    for place, event in found:
        if not matches(event["message"]):
            continue
        size += len(event["message"].encode()) + _EVENT_OVERHEAD
        if events and (len(events) == limit or size > _MOST_BYTES):
            return events, {"nextToken": _write_token(forward, last)}
        event.setdefault("eventId", new_uuid())  # the state of an older local cloud has no ids
        events.append({**event, "logStreamName": place.stream})
        last = place

    return events, {}


def _events(
    streams: Mapping[str, Any], data: Mapping[str, Any], forward: bool
) -> Iterator[tuple[_Place, dict[str, Any]]]:
    """Return the events of the time range and the streams of a request, in order."""
    names = data.get("logStreamNames") or list(streams)
    prefix = data.get("logStreamNamePrefix") or ""
    found = [name for name in names if name in streams and name.startswith(prefix)]

    with cloudwatch_logs._log_events_lock:
        histories = {name: list(streams[name]["events"]) for name in found}

    placed = [_placed(name, history, data) for name, history in histories.items()]
    ordered = placed if forward else [one[::-1] for one in placed]

    return heapq.merge(*ordered, key=lambda one: one[0], reverse=not forward)


def _placed(
    stream: str, history: Sequence[dict[str, Any]], data: Mapping[str, Any]
) -> list[tuple[_Place, dict[str, Any]]]:
    start = data.get("startTime")
    end = data.get("endTime")
    by_time = cloudwatch_logs._event_timestamp
    first = 0 if start is None else bisect_left(history, start, key=by_time)
    beyond = len(history) if end is None else bisect_right(history, end, key=by_time)

    placed: list[tuple[_Place, dict[str, Any]]] = []

    for event in history[first:beyond]:
        before = placed[-1][0] if placed else None
        same = before is not None and before.timestamp == event["timestamp"]
        offset = before.offset + 1 if before is not None and same else 0
        placed.append((_Place(event["timestamp"], stream, offset), event))

    return placed


def _write_token(forward: bool, last: _Place | None) -> str:
    return base64.b64encode(json.dumps([forward, last]).encode()).decode()


def _read_token(token: str) -> tuple[bool, _Place]:
    """Return the direction of the search, and the place of the last event that it returned.

    Raises:
        ValueError, TypeError: the token does not come from this module.
    """
    forward, last = json.loads(base64.b64decode(token))
    timestamp, stream, offset = last
    return bool(forward), _Place(int(timestamp), str(stream), int(offset))
