"""Where a command shows its text and its data."""

from untrusted.console import Console


def make_console(as_json: bool) -> Console:
    """A console for people; it leaves standard output to the data where the user wants data."""
    return Console(stderr=as_json, soft_wrap=True)
