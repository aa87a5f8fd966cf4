"""Parse the values of options: whole numbers, shares and durations have one form in all tools."""

import argparse
import re
from collections.abc import Callable

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHARES = "Shares are 0 to 1: 0.5 is one half"


def whole(smallest: int, largest: int) -> Callable[[str], int]:
    """Return an argument type that parses a whole number within bounds."""

    def number(text: str) -> int:
        if not text.isdecimal() or not smallest <= int(text) <= largest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {smallest} to {largest}"
            )
        return int(text)

    return number


def share(text: str) -> float:
    """Parse a share that is above 0 and at most 1."""
    number = _number(text)
    if number is not None and 0 < number <= 1:
        return number
    raise argparse.ArgumentTypeError(f"{text!r} is not a share above 0. {_SHARES}")


def share_below_one(text: str) -> float:
    """Parse a share that is above 0 and below 1: a sample can guarantee 0.99, and never 1."""
    number = share(text)
    if number == 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not below 1. No sample can guarantee a share of 1; 0.99 is possible"
        )
    return number


def percent(smallest: int, largest: int) -> Callable[[str], int]:
    """Return an argument type that parses a share in steps of 0.01.

    AWS takes whole percents, so the parsed value is one. Earlier releases took percents on the
    command line. The text `1` meant 1 % there, and so it must be written as 0.01 or 1.0 now.
    """
    bounds = f"from {smallest / 100:g} to {largest / 100:g} in steps of 0.01"

    def number(text: str) -> int:
        parsed = _number(text)
        if text.strip() == "1":
            raise argparse.ArgumentTypeError(
                "'1' is ambiguous: write 0.01 for 1 percent, or 1.0 for everything"
            )
        hundredths = -1.0 if parsed is None else round(parsed * 100, 6)
        if not hundredths.is_integer() or not smallest <= hundredths <= largest:
            raise argparse.ArgumentTypeError(f"{text!r} is not a share {bounds}. {_SHARES}")
        return int(hundredths)

    return number


def duration(shortest: str = "1s", longest: str = "1d") -> Callable[[str], int]:
    """Return an argument type that parses a duration such as 90s, 30m, 2h or 7d into seconds."""
    least, most = _seconds(shortest), _seconds(longest)

    def seconds(text: str) -> int:
        if text.isdecimal():
            raise argparse.ArgumentTypeError(
                f"{text!r} has no unit. Durations are 90s, 30m, 2h or 1d: write {text}s for seconds"
            )
        found = _seconds(text)
        if not least <= found <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a duration from {shortest} to {longest}, such as 90s, 30m or 2h"
            )
        return found

    return seconds


def add_timeout_argument(parser: argparse.ArgumentParser, default: str) -> None:
    """Add --timeout, in seconds once it is parsed."""
    parser.add_argument(
        "--timeout",
        type=duration(),
        default=default,
        metavar="DURATION",
        help="stop waiting after this time (default: %(default)s)",
    )


def add_workers_argument(parser: argparse.ArgumentParser) -> None:
    """Add --workers, the number of concurrent requests to an endpoint."""
    parser.add_argument(
        "--workers",
        type=whole(1, 1000),
        default=16,
        metavar="N",
        help="number of concurrent requests (default: %(default)s)",
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _seconds(text: str) -> int:
    """Return the seconds of a duration, or -1 if the text is not a duration."""
    parts = re.fullmatch(r"([0-9]{1,7})([smhd])", text, re.ASCII)
    return int(parts[1]) * _UNITS[parts[2]] if parts else -1
