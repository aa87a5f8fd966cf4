"""Parse command lines: the global options of all tools, and suggestions for mistyped words."""

import argparse
import difflib
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Never

from cli.version import version
from untrusted.terminal import say

# Their values when neither the options before the command nor those after it set them.
DEFAULTS: dict[str, Any] = {
    "profile": None,
    "region": None,
    "environment": "dev",
    "project_dir": None,
    "json": False,
    "debug": False,
    "quiet": False,
}


class Parser(argparse.ArgumentParser):
    """A parser that suggests known words for mistyped ones, and accepts no abbreviations.

    An abbreviation would change its meaning once another option begins alike.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})
        self._parsed: list[str] = []

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Keep the words for suggestions, and refuse unknown options of a command by its parser."""
        words = list(args) if args is not None else []
        self._parsed = words
        found, unknown = super().parse_known_args(args, namespace)
        if unknown and not self._commands():
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> Never:
        """End with a message, the nearest known word, and where to find help."""
        unknown = "unrecognized arguments: "
        mistyped = self._mistyped()
        if mistyped and "required" in message:  # the mistyped option may be the required one
            message = f"{unknown}{' '.join(mistyped)}"

        kind, known = "options", list(self._option_string_actions)
        if choice := re.search(r"invalid choice: '(.*)' \(choose from (.*)\)$", message):
            mistyped = [choice[1]]
            known = re.findall(r"[\w-]+", choice[2])
            if commands := self._commands():
                kind, known = "commands", commands
                message = f"{choice[1]!r} is not a command"
        elif not message.startswith(unknown):
            mistyped = []
        hints = "".join(suggestion(word, known) for word in mistyped)
        say(f"{self.prog}: {message.rstrip('.')}.{hints}", file=sys.stderr)
        say(f"`{self.prog} --help` lists the {kind}.", file=sys.stderr)
        self.exit(2)

    def _commands(self) -> list[str]:
        return [
            name
            for action in self._actions
            if isinstance(action, argparse._SubParsersAction)
            for name in action.choices
        ]

    def _mistyped(self) -> list[str]:
        options = [word.partition("=")[0] for word in self._parsed if word.startswith("--")]
        return [
            name for name in options if name != "--" and name not in self._option_string_actions
        ]


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a sentence with the known word nearest to a mistyped one, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def add_global_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has, before its name and after it.

    They have no defaults here, so that the parser after the command does not overwrite a value
    from before it. `parse` fills them in.
    """
    add = parser.add_argument_group("global options").add_argument
    absent = argparse.SUPPRESS
    add("--profile", metavar="NAME", default=absent, help="profile of the AWS configuration")
    add("--region", metavar="NAME", default=absent, help="AWS region (default: the profile's)")
    add(
        "--environment",
        metavar="NAME",
        default=absent,
        help=f"deployment to work with: dev, prod ... (default: {DEFAULTS['environment']})",
    )
    add(
        "--project-dir",
        type=Path,
        metavar="DIR",
        default=absent,
        help="folder with template.yaml and samconfig.toml (default: SCONES_PROJECT_DIR, or the "
        "nearest such folder above the current one)",
    )
    add(
        "--json",
        action="store_true",
        default=absent,
        help="print the result as JSON, and all else on standard error",
    )
    add(
        "--debug",
        action="store_true",
        default=absent,
        help="log the requests to AWS on standard error, and show tracebacks of errors",
    )
    add("--quiet", action="store_true", default=absent, help="print errors and JSON only")
    add("--version", action=_Version, nargs=0, default=absent, help="print the versions, and exit")


class _Version(argparse.Action):
    """Print the versions. They are looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        say(version())
        parser.exit()


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line, and fill in the global options that it does not set."""
    options = parser.parse_args(arguments)
    for name, value in DEFAULTS.items():
        if not hasattr(options, name):
            setattr(options, name, value)
    return options
