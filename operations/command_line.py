"""Parse and run the commands that operate the service."""

import argparse
from collections.abc import Sequence
from typing import Protocol

from cli import aws
from cli.command_line import Result, add_account_arguments, conclude
from cli.console import make_console
from cli.service import STACK
from operations.commands import (
    backlog,
    check,
    execution,
    reconcile,
    redrive,
    results,
    retained,
    upload,
    where,
)
from operations.service.context import Context


class Command(Protocol):
    """A module that is a command of the tool."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own options."""

    def run(self, context: Context, options: argparse.Namespace) -> Result:
        """Run the command: print for people, and return the data that --json prints.

        Raises:
            CommandError: the command fails. Started work continues; the command can run again.
        """


COMMANDS: dict[str, Command] = {
    "where": where,
    "upload": upload,
    "results": results,
    "redrive": redrive,
    "reconcile": reconcile,
    "backlog": backlog,
    "execution": execution,
    "retained": retained,
    "check": check,
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; return 0 for success, 1 for failure, 2 for wrong usage, 130 for Ctrl-C."""
    options = _parser().parse_args(arguments)
    interrupted = f"Started work continues. Run `scones {options.command}` again to go on."
    return conclude(lambda: _run(options), options.json, interrupted)


def _run(options: argparse.Namespace) -> Result:
    context = Context(
        aws.connect(options.region, aws.PATIENT), options.stack, make_console(options.json)
    )
    return COMMANDS[options.command].run(context, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m operations",
        description="Operate the service: upload images, list results, repair failures, find costs.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar=" | ".join(COMMANDS))
    for name, command in COMMANDS.items():
        own = commands.add_parser(
            name, parents=[_common()], help=command.HELP, description=command.HELP
        )
        command.add_arguments(own)
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("which service")
    group.add_argument("--stack", default=STACK, help="the stack that was deployed (%(default)s)")
    add_account_arguments(group)
    return common
