"""Compute the functions of `stats`: CloudWatch Logs User Guide, "stats", functions to use with it.

A computed number has at most four decimals, as on AWS; a value of an event stays unchanged. A
function without values has no result, and the row then lacks the column.
"""

from collections.abc import Callable, Mapping, Sequence

from localcloud.logs_insights.events import Row
from localcloud.logs_insights.ordering import number, sort_key

type Aggregate = Callable[[Sequence[Row], str], str | None]


def plain(value: float) -> str:
    """Return a computed number as text."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def count(rows: Sequence[Row], field: str) -> str:
    """Count the rows that have a field; with "*" all rows."""
    return str(len(rows) if field == "*" else len(_values(rows, field)))


def total(rows: Sequence[Row], field: str) -> str | None:
    """Add the numbers of a field."""
    numbers = _numbers(rows, field)
    return plain(sum(numbers)) if numbers else None


def mean(rows: Sequence[Row], field: str) -> str | None:
    """Return the average of the numbers of a field."""
    numbers = _numbers(rows, field)
    return plain(sum(numbers) / len(numbers)) if numbers else None


def least(rows: Sequence[Row], field: str) -> str | None:
    """Return the first value of a field."""
    return min(_values(rows, field), key=sort_key, default=None)


def greatest(rows: Sequence[Row], field: str) -> str | None:
    """Return the last value of a field."""
    return max(_values(rows, field), key=sort_key, default=None)


def earliest(rows: Sequence[Row], field: str) -> str | None:
    """Return the value of a field in the earliest event."""
    return min(rows, key=lambda row: row.timestamp).fields.get(field) if rows else None


def latest(rows: Sequence[Row], field: str) -> str | None:
    """Return the value of a field in the latest event; of several such events in the last."""
    return max(reversed(rows), key=lambda row: row.timestamp).fields.get(field) if rows else None


AGGREGATES: Mapping[str, Aggregate] = {
    "count": count,
    "sum": total,
    "avg": mean,
    "min": least,
    "max": greatest,
    "earliest": earliest,
    "latest": latest,
}


def _values(rows: Sequence[Row], field: str) -> list[str]:
    return [row.fields[field] for row in rows if field in row.fields]


def _numbers(rows: Sequence[Row], field: str) -> list[float]:
    found = [number(value) for value in _values(rows, field)]
    return [value for value in found if value is not None]
