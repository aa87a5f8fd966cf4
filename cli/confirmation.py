"""Asking before something is started."""

import argparse
import sys

from untrusted.console import Console


def confirmed(console: Console, options: argparse.Namespace, question: str) -> bool:
    """Whether --yes is given, or a person at the terminal says yes; nobody can answer beside --json or a pipe."""
    if options.yes:
        return True
    if options.json or not sys.stdin.isatty():
        console.print("Nothing is started: --yes would do it.")
        return False
    try:
        return console.input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False
