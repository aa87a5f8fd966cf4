"""The account, the stack and the console that a command works with."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from cli.aws import Aws
from cli.service import Service, StackNotFoundError, find_service, service_stacks
from untrusted.console import Console


@dataclass(frozen=True)
class Context:
    """The account and stack of a command, and the console that it writes to."""

    aws: Aws
    stack: str
    console: Console

    @cached_property
    def service(self) -> Service:
        """The deployed service, read at its first use, since a deleted stack has none.

        Raises:
            StackNotFoundError: the stack does not exist; the message names the service's stacks.
            StackOutdatedError: the stack lacks an output.
        """
        cloudformation = self.aws.cloudformation
        try:
            return find_service(cloudformation, self.stack)
        except StackNotFoundError as exc:
            stacks = service_stacks(cloudformation)
            if not stacks:
                raise
            named = " or ".join(f"--stack {stack}" for stack in stacks)
            region = cloudformation.meta.region_name
            raise StackNotFoundError(
                f"{self.stack!r} is not a stack of the service in {region}. Use {named}."
            ) from exc

    def on(self, console: Console) -> Self:
        """Return the same context with another console."""
        context = replace(self, console=console)
        if "service" in vars(self):
            vars(context)["service"] = self.service
        return context
