"""Run a parsed query over log events."""

from collections.abc import Sequence
from dataclasses import dataclass

from localcloud.logs_insights.commands import Query
from localcloud.logs_insights.events import Event, row

DEFAULT_LIMIT = 10_000


@dataclass(frozen=True)
class Result:
    """The rows of a result in order, and the statistics of the query."""

    rows: list[list[tuple[str, str]]]
    matched: int
    scanned: int
    bytes_scanned: int


def run(query: Query, events: Sequence[Event], account: str, limit: int | None = None) -> Result:
    """Run a query.

    Args:
        query: the query.
        events: the events of its log groups and its time range.
        account: the id of the account, for `@log`.
        limit: the most rows of the caller; the query's own limit can only lower it.
    """
    rows = [row(event, account) for event in events]
    for step in query.selecting:
        rows = step(rows)
    matched = len(rows)
    for step in query.arranging:
        rows = step(rows)

    columns = dict.fromkeys(query.shown if query.aggregated else [*query.shown, "@ptr"])
    most = min(limit or query.limit or DEFAULT_LIMIT, query.limit or limit or DEFAULT_LIMIT)
    found = [
        [(name, one.fields[name]) for name in columns if name in one.fields] for one in rows[:most]
    ]
    size = sum(len(event.message.encode()) for event in events)

    return Result(found, matched, len(events), size)
