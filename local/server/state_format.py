"""Which versions wrote the state on disk: what this version cannot read is refused, not misread and overwritten."""

import json
from importlib.metadata import version

from local.server.settings import Folder

# Counts the layouts of the state folder; MiniStack's own files come on top, in its version.
FORMAT = 1


class IncompatibleStateError(Exception):
    """The state was written by another version: move the folder away, or go back to that version."""


def ministack_version() -> str:
    """Return the version of the MiniStack that is installed."""
    return version("ministack")


def check(folder: Folder) -> None:
    """Make sure that this version can read the state; state of an older MiniStack it can.

    Raises:
        IncompatibleStateError: it cannot; nothing was changed.
    """
    path = folder.state / "format.json"
    ministack = ministack_version()
    if path.exists():
        theirs = json.loads(path.read_text(encoding="utf-8"))
        if theirs["format"] != FORMAT or _ordered(theirs["ministack"]) > _ordered(ministack):
            raise IncompatibleStateError(
                f"The state in {folder.state} was written in format {theirs['format']} by MiniStack "
                f"{theirs['ministack']}; this is format {FORMAT}, MiniStack {ministack}. "
                f"Move it away (`mv {folder.path} {folder.path}.old`), or run `make setup` to get the pinned versions."
            )
    path.write_text(json.dumps({"format": FORMAT, "ministack": ministack}) + "\n", encoding="utf-8")


def _ordered(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
