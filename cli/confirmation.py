"""Ask before something is started or deleted."""

import argparse
import sys

from cli.errors import CommandError
from untrusted.console import Console


class ConfirmationMissingError(CommandError):
    """Nothing was changed: nobody can be asked here. Give --yes to go on, or --dry-run to look."""

    status = 2


def add_confirmation_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --yes and --dry-run."""
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would happen, and change nothing"
    )


def confirmed(console: Console, options: argparse.Namespace, question: str) -> bool:
    """Return whether to go on: with --yes, or when a person at the terminal agrees.

    Raises:
        ConfirmationMissingError: --yes is missing, and nobody can be asked: standard input is
            not a terminal, or --json or --quiet is given.
    """
    if options.dry_run:
        console.print("Nothing was changed: this is a dry run.")
        return False
    if options.yes:
        return True
    if options.json or console.quiet or not sys.stdin.isatty():
        raise ConfirmationMissingError

    try:
        agreed = console.input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        agreed = False
    if not agreed:
        console.print("Nothing was changed.")
    return agreed
