"""Types of arguments that several commands have."""

import argparse
from collections.abc import Callable


def whole(smallest: int, largest: int) -> Callable[[str], int]:
    """An argument type: a whole number within bounds."""

    def number(text: str) -> int:
        if not text.isdecimal() or not smallest <= int(text) <= largest:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {smallest} to {largest}")
        return int(text)

    return number
