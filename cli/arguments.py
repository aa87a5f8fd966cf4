"""Types of arguments that several commands have."""

import argparse
import re
from collections.abc import Callable
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def whole(smallest: int, largest: int) -> Callable[[str], int]:
    """An argument type: a whole number within bounds."""

    def number(text: str) -> int:
        if not text.isdecimal() or not smallest <= int(text) <= largest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is no whole number from {smallest} to {largest}"
            )
        return int(text)

    return number


def share(text: str) -> float:
    """An argument type: a share, above 0 and at most 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if 0 < number <= 1:
        return number
    raise argparse.ArgumentTypeError(f"{text!r} is not a share: above 0, at most 1, such as 0.9")


def duration(text: str) -> timedelta:
    """Parse a duration such as 90s, 15m, 2h or 7d; an argument type."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a duration. Give a number and a unit, such as 90s, 15m, 2h or 7d."
        )
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
