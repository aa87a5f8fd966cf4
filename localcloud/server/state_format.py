"""Which versions wrote the state on disk: what this version cannot read is refused, not misread and overwritten."""

import json
import shlex
from importlib.metadata import version

from localcloud.server.settings import Folder

# Counts the layouts of the state folder; MiniStack's own files come on top, in its version.
FORMAT = 2


class IncompatibleStateError(Exception):
    """The state was written by another version: move the folder away, or go back to that version."""


def ministack_version() -> str:
    """Return the version of the MiniStack that is installed."""
    return version("ministack")


def check(folder: Folder) -> None:
    """Make sure that this version can read the state; state of an older MiniStack it can.

    Raises:
        IncompatibleStateError: it cannot, or a file of it is damaged; nothing was changed.
    """
    path = folder.state / "format.json"
    ministack = ministack_version()
    move_away = shlex.join(["mv", str(folder.path), f"{folder.path}.old"])
    if path.exists():
        try:
            theirs = json.loads(path.read_text(encoding="utf-8"))
            written_in, written_by = theirs["format"], str(theirs["ministack"])
        except (ValueError, KeyError, TypeError) as exc:
            raise IncompatibleStateError(
                f"{path} is damaged. Move the state away (`{move_away}`)."
            ) from exc
        if written_in != FORMAT or _ordered(written_by) > _ordered(ministack):
            raise IncompatibleStateError(
                f"The state in {folder.state} was written in format {written_in} by MiniStack {written_by}; "
                f"this is format {FORMAT}, MiniStack {ministack}. "
                f"Move it away (`{move_away}`), or install the versions that wrote it."
            )
    for file in sorted((folder.state / "ministack").glob("*.json")):
        try:  # MiniStack would start without what it cannot read, and overwrite it
            json.loads(file.read_bytes())
        except ValueError as exc:
            raise IncompatibleStateError(
                f"{file} is damaged. Move the state away (`{move_away}`)."
            ) from exc
    partial = path.with_suffix(".partial")
    partial.write_text(
        json.dumps({"format": FORMAT, "ministack": ministack}) + "\n", encoding="utf-8"
    )
    partial.replace(path)


def _ordered(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())
