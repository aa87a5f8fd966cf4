"""What every command is given, and the shape of a module that is a command."""

import argparse
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from cli.aws import Aws
from cli.command_line import Result
from operations.service import Service, find_service
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
        return find_service(self.aws, self.stack)


class Command(Protocol):
    """A module that is a command of the tool."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own options."""

    def run(self, context: Context, options: argparse.Namespace) -> Result:
        """Carry the command out: show it on the console, and return the data that --json prints.

        Raises:
            CommandError: it cannot be done; what was started goes on, and the command can be given again.
        """
