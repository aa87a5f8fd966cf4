"""Make the console where a command shows its text."""

from untrusted.console import Console


def make_console(as_json: bool, quiet: bool = False) -> Console:
    """Return a console for people; with --json it leaves standard output to the data."""
    return Console(stderr=as_json, soft_wrap=True, quiet=quiet)
