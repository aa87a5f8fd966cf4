"""Order and compare values as Logs Insights does: CloudWatch Logs User Guide, "sort"."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_CHUNKS = re.compile(r"[0-9]+|[^0-9]+")

type Key = tuple[int, float, list[tuple[int, int | str, int]]]


def number(value: str) -> float | None:
    """Return a text as a number, or None."""
    return float(value) if _NUMBER.fullmatch(value) else None


def sort_key(value: str) -> Key:
    """Return a key for ascending order: other values before numbers, digits by length, then by
    value.
    """
    known = number(value)
    if known is not None:
        return 1, known, [(0, value, 0)]
    return 0, 0.0, [_chunk(text) for text in _CHUNKS.findall(value)]


def _chunk(text: str) -> tuple[int, int | str, int]:
    if text[0] in "0123456789":
        return ord("0"), len(text), int(text)
    return ord(text[0]), text, 0


def compare(left: str, sign: str, right: str) -> bool:
    """Return whether a comparison is true: numbers compare by value, other texts by characters."""
    one = number(left)
    other = number(right)
    if one is not None and other is not None:
        return bool(COMPARISONS[sign](one, other))
    return bool(COMPARISONS[sign](left, right))
