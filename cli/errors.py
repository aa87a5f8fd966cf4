"""Define the errors that a user can resolve."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class CommandError(Exception):
    """A command fails, and the message says what to do. Only the given lines break lines.

    A class may set its own exit status, and data that --json prints beside the error.
    """

    status = 1
    data: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, detail: str = "", *more: str) -> None:
        """Take the lines of the message; the first is the docstring of the class by default."""
        self.lines = (detail or str(type(self).__doc__), *more)
        super().__init__("\n".join(self.lines))
