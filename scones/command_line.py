"""Build the command line of `scones` from the commands of training and operations."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from cli.parser import Parser, add_global_arguments, parse
from operations import command_line as operations
from scones import completion, local_cloud
from training import command_line as training

DESCRIPTION = "Sort images: train a model, deploy the service, upload images, read the results."
_WIDTH = 14  # of the column of commands


def main(arguments: Sequence[str]) -> int:
    """Run one command, and return its exit status."""
    given = list(arguments)
    if found := local_cloud.split(given):
        return local_cloud.run(*found)

    parser = make_parser()
    completion.answer(parser)
    options = parse(parser, given)
    if options.command == "completion":
        return completion.show(options.shell)

    if options.command in training.STEPS:
        return training.run(options)
    return operations.run(options)


def make_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(
        prog="scones",
        usage="scones [global option ...] COMMAND [option ...]",
        description=f"{DESCRIPTION}\n\n{_groups()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="`scones COMMAND --help` explains a command and its options.",
    )
    add_global_arguments(parser)
    commands = parser.add_subparsers(
        dest="command",
        required=True,
        metavar="COMMAND",
        prog="scones",
        help=argparse.SUPPRESS,
        parser_class=Parser,
    )
    training.add_commands(commands)
    operations.add_commands(commands)
    local_cloud.add_command(commands)
    completion.add_command(commands)
    return parser


def _groups() -> str:
    """Return the commands by group, each with its help."""
    groups: dict[str, Mapping[str, Any]] = {
        "model": {name: step.HELP for name, step in training.STEPS.items()},
        "service": {name: command.HELP for name, command in operations.COMMANDS.items()},
        "local cloud": {f"local {verb}": text for verb, text in local_cloud.VERBS.items()},
        "shell": {"completion": completion.HELP},
    }
    lines = []
    for group, commands in groups.items():
        lines.append(f"{group}:")
        lines += [f"  {name:{_WIDTH}} {text}" for name, text in commands.items()]
        lines.append("")
    return "\n".join(lines).rstrip()
