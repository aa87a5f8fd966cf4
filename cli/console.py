"""Make the console where a command shows its text."""

from untrusted.console import Console


def make_console(as_json: bool, quiet: bool = False) -> Console:
    """Return a console for people; with --json it leaves standard output to the data."""
    return Console(stderr=as_json, soft_wrap=True, quiet=quiet)


def number_of(count: int, noun: str) -> str:
    """Return a number and its noun, such as `1 image` or `2,000 images`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
