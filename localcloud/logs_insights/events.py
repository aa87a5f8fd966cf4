"""Read log events, and discover their fields as Logs Insights does.

CloudWatch Logs User Guide, "Supported logs and discovered fields". All values are texts; a JSON
true is 1.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MOST_FIELDS = 200  # the most fields that are discovered in an event
SYSTEM_FIELDS = ("@timestamp", "@message", "@logStream", "@log", "@ingestionTime", "@ptr")
_LAMBDA = "/aws/lambda/"

type Fields = dict[str, str]


@dataclass(frozen=True)
class Event:
    """A line of a log; times are in milliseconds since the epoch."""

    pointer: str
    group: str
    stream: str
    message: str
    timestamp: int
    ingested: int


@dataclass
class Row:
    """A row of a result: its fields, and the time of its event (0 for an aggregate)."""

    fields: Fields
    timestamp: int = 0


def row(event: Event, account: str) -> Row:
    """Return an event as a row, with the system fields and the discovered fields."""
    system = {
        "@timestamp": time_text(event.timestamp),
        "@message": event.message,
        "@logStream": event.stream,
        "@log": f"{account}:{event.group}",
        "@ingestionTime": time_text(event.ingested),
        "@ptr": event.pointer,
    }
    return Row(_discovered(event) | system, event.timestamp)


def time_text(milliseconds: int) -> str:
    """Return a time as results show it: UTC, to the millisecond."""
    whole = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{whole:%Y-%m-%d %H:%M:%S}.{milliseconds % 1000:03}"


def _discovered(event: Event) -> Fields:
    found: Fields = {}
    for name, value in _leaves(_document(event)):
        found[f"@{name}" if name.startswith("@") else name] = value
        if len(found) == MOST_FIELDS:
            break
    return found


def _document(event: Event) -> Mapping[str, Any]:
    """Return the JSON object of a message: the first object in Lambda's logs, else the whole
    message.
    """
    text = event.message.strip()
    if event.group.startswith(_LAMBDA):
        text = text[max(text.find("{"), 0) :]
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
    try:
        value, end = decoder.raw_decode(text)
    except ValueError:
        return {}

    whole = end == len(text) or event.group.startswith(_LAMBDA)

    return value if isinstance(value, dict) and whole else {}


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in members:
            yield from _leaves(member, f"{name}.{key}" if name else str(key))
    elif value is not None:
        yield name, str(int(value)) if isinstance(value, bool) else value
