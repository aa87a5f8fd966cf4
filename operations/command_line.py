"""Parse and run the commands that operate the service."""

import argparse
from collections.abc import Sequence
from typing import Any, Protocol

from cli import aws
from cli.command_line import Result, conclude
from cli.console import make_console
from cli.parser import Parser, add_global_arguments, parse
from cli.project import find_project, stack_of
from operations.commands import (
    backlog,
    check,
    execution,
    reconcile,
    redrive,
    results,
    retained,
    review,
    upload,
    where,
)
from operations.service.context import Context

PROGRAM = "python -m operations"


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
    "review": review,
    "redrive": redrive,
    "reconcile": reconcile,
    "backlog": backlog,
    "execution": execution,
    "retained": retained,
    "check": check,
}


def main(arguments: Sequence[str]) -> int:
    """Run one command, and return the exit status.

    It is 0 when all is well, 1 when something is not, 2 for wrong usage, and 130 after an
    interruption.
    """
    return run(parse(make_parser(), arguments))


def run(options: argparse.Namespace) -> int:
    """Run the command of a parsed command line, and return the exit status."""
    going_on = "Executions that were started continue."
    if options.command == "review":
        going_on = "All answers are stored."
    interrupted = f"{going_on} Run `scones {options.command}` again to go on."
    return conclude(lambda: _run(options), options, interrupted)


def _run(options: argparse.Namespace) -> Result:
    console = make_console(options.json, options.quiet)
    if options.command == "review" and options.folder:  # without an account or a project
        return review.label(console, options)
    stack = options.stack or stack_of(options.environment, find_project(options.project_dir))
    account = aws.connect(options.region, aws.PATIENT, options.profile)
    context = Context(account, stack, console)
    return COMMANDS[options.command].run(context, options)


def make_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(
        prog=PROGRAM,
        description="Operate the deployed service: upload images, read results, repair failures.",
    )
    add_global_arguments(parser)
    commands = parser.add_subparsers(
        dest="command",
        required=True,
        metavar=" | ".join(COMMANDS),
        prog=PROGRAM,
        parser_class=Parser,
    )
    add_commands(commands)
    return parser


def add_commands(commands: Any) -> None:
    """Add the parser of each command to a parser's commands."""
    for name, command in COMMANDS.items():
        parser = commands.add_parser(name, help=command.HELP, description=command.HELP)
        parser.add_argument(
            "--stack", help="stack of the service (default: the stack_name of the --environment)"
        )
        command.add_arguments(parser)
        add_global_arguments(parser)
