"""What can go wrong in a command in ways that a user can do something about."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


class CommandError(Exception):
    """A command cannot go on; the message says what to do. Only the given lines break lines when it is shown.

    A kind of error may have an exit status of its own, and data that --json prints beside the error.
    """

    status = 1
    data: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, detail: str = "", *more: str) -> None:
        """Without a detail the message is the sentence of the class. More lines may follow."""
        self.lines = (detail or str(type(self).__doc__), *more)
        super().__init__("\n".join(self.lines))
