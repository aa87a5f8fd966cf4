"""Start the local cloud's own command line as a process: `scones local up` and the other verbs.

The local cloud is a separate package. It is not imported here.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any, Never

from cli.parser import Parser, add_global_arguments, parse
from cli.project import CHECKOUT, ProjectNotFoundError, find_project
from untrusted.terminal import say_error

NAME = "local"
VERBS = {
    "up": "start the local cloud: AWS on this machine, where nothing is charged",
    "down": "stop the local cloud and keep its state",
    "status": "show whether the local cloud runs, and its deployed resources",
    "env": "print variables that point AWS clients at the local cloud",
    "prepare": "install the environment of Lambda functions",
}
_STATE = "--state-dir"
_PROFILE_OPTIONS = ("--write-profile", "--remove-profile")
_PROFILE = "scones-local"


def add_command(commands: Any) -> None:
    """Add `local` and its verbs, for the help and for the shell's completion."""
    parser = commands.add_parser(NAME, help="run the local cloud")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    for verb, text in VERBS.items():
        verbs.add_parser(verb, help=text)


def split(arguments: list[str]) -> tuple[list[str], list[str]] | None:
    """Return the words before `local` and those after it, or None if it is another command."""
    before = Parser(add_help=False)
    add_global_arguments(before)
    takes_value = {
        option
        for action in before._actions
        if action.nargs != 0
        for option in action.option_strings
    }
    position = 0
    while position < len(arguments) and arguments[position].startswith("-"):
        position += 2 if arguments[position] in takes_value else 1
    if arguments[position : position + 1] != [NAME]:
        return None
    return arguments[:position], arguments[position + 1 :]


def run(before: list[str], words: list[str]) -> int:
    """Replace this process by the local cloud's command line. Return a status only on errors."""
    try:
        command = make_command(before, words)
    except ProjectNotFoundError as exc:
        say_error(exc, named=True)
        return exc.status
    return _become(command)


def _become(command: list[str]) -> Never:
    environment = {**os.environ, "LOCALCLOUD_PROGRAM": f"scones {NAME}"}
    os.execve(command[0], command, environment)  # noqa: S606 - no shell is wanted


def make_command(before: list[str], words: list[str]) -> list[str]:
    """Return the command of the process. Its state is in the project, unless --state-dir is given.

    Raises:
        ProjectNotFoundError: --project-dir or SCONES_PROJECT_DIR names another folder.
    """
    parser = _Globals(prog="scones", add_help=False)
    add_global_arguments(parser)
    options = parse(parser, before)
    after, rest = parser.parse_known_args(words)
    vars(options).update(vars(after))

    rest = _with_profile_name(rest)
    if options.json:
        rest = [*rest, "--json"]
    folder = _state_folder(options)
    names_folder = any(word.partition("=")[0] == _STATE for word in rest)
    if folder and rest and rest[0] in VERBS and not names_folder:
        rest = [rest[0], _STATE, str(folder), *rest[1:]]
    # An installed package needs no import from the current folder, which may hold other modules.
    installed = CHECKOUT in map(Path, sys.path[1:])
    return [sys.executable, *(["-P"] if installed else []), "-m", "localcloud", *rest]


def _with_profile_name(words: list[str]) -> list[str]:
    """Add the name of the project's AWS profile to an option that has no name."""
    named = []
    for word, following in zip(words, [*words[1:], "-"], strict=True):
        named.append(word)
        if word in _PROFILE_OPTIONS and following.startswith("-"):
            named.append(_PROFILE)
    return named


class _Globals(Parser):
    """Parse the global options alone, and leave the words of the local cloud."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        return argparse.ArgumentParser.parse_known_args(self, args, namespace)


def _state_folder(options: argparse.Namespace) -> Path | None:
    """Return the project's folder for state, or None to leave it to the current folder."""
    try:
        project = find_project(options.project_dir)
    except ProjectNotFoundError:
        if options.project_dir or os.environ.get("SCONES_PROJECT_DIR"):
            raise
        return None
    return None if project == Path.cwd() else project / ".localcloud"
