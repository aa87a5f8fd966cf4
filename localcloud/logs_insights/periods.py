"""Parse the periods of `bin`: CloudWatch Logs User Guide, "stats", time units.

Weeks and longer units are not emulated.
"""

import re

from localcloud.logs_insights.errors import MalformedQueryError
from localcloud.logs_insights.events import time_text
from localcloud.logs_insights.tokens import Tokens

_UNITS = {
    1: "millisecond milliseconds ms msec msecs",
    1_000: "second seconds s sec secs",
    60_000: "minute minutes m min mins",
    3_600_000: "hour hours h hr hrs",
    86_400_000: "day days d",
}
_MILLISECONDS = {name: length for length, names in _UNITS.items() for name in names.split()}


def take_period(tokens: Tokens) -> int:
    """Take `bin(period)` and return the period in milliseconds.

    Raises:
        MalformedQueryError: the period is missing, or its unit is not emulated.
    """
    tokens.take()
    tokens.expect_sign("(")
    token = tokens.next
    found = re.fullmatch(r"(\d+)([A-Za-z]+)", token.text)
    if token.kind != "period" or not found or int(found[1]) == 0:
        raise tokens.unexpected("a period, as 5m or 1h")
    if found[2] not in _MILLISECONDS:
        raise MalformedQueryError.not_emulated(f"the period {token.text}", token.start, token.end)

    tokens.take()
    tokens.expect_sign(")")

    return int(found[1]) * _MILLISECONDS[found[2]]


def bin_start(timestamp: int, period: int) -> str:
    """Return the start of the bin of a timestamp, as text."""
    return time_text(timestamp - timestamp % period)
