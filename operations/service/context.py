"""The account, the stack and the console that a command works with."""

from dataclasses import dataclass
from functools import cached_property

from cli.aws import Aws
from cli.service import Service, find_service
from untrusted.console import Console


@dataclass(frozen=True)
class Context:
    """Where a command works (account, stack) and where it speaks."""

    aws: Aws
    stack: str
    console: Console

    @cached_property
    def service(self) -> Service:
        """The deployed service, read at its first use: a stack that was deleted has none.

        Raises:
            StackNotFoundError, StackOutdatedError: as `find_service` does.
        """
        return find_service(self.aws.cloudformation, self.stack)
