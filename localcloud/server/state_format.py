"""Refuse state on disk that this version cannot read, instead of overwriting it."""

import json
import shlex
from importlib.metadata import version

from localcloud.server.settings import Folder

# The version of the layout of the state folder; MiniStack's version covers its own files.
FORMAT = 2


class IncompatibleStateError(Exception):
    """Another version wrote the state: move the folder away, or install that version."""


def ministack_version() -> str:
    """Return the version of the installed MiniStack."""
    return version("ministack")


def check(folder: Folder) -> None:
    """Check that this version can read the state; it can read the state of an older MiniStack.

    Raises:
        IncompatibleStateError: it cannot, or a file is damaged; nothing was changed.
    """
    path = folder.state / "format.json"
    ministack = ministack_version()
    move_away = shlex.join(["mv", str(folder.path), f"{folder.path}.old"])
    if path.exists():
        try:
            theirs = json.loads(path.read_text(encoding="utf-8"))
            written_in = theirs["format"]
            written_by = str(theirs["ministack"])
        except (ValueError, KeyError, TypeError) as exc:
            raise IncompatibleStateError(
                f"{path} is damaged. Move the state away (`{move_away}`)."
            ) from exc
        if written_in != FORMAT or _ordered(written_by) > _ordered(ministack):
            raise IncompatibleStateError(
                f"The state in {folder.state} was written in format {written_in} by MiniStack "
                f"{written_by}; "
                f"this is format {FORMAT}, MiniStack {ministack}. "
                f"Move it away (`{move_away}`), or install the versions that wrote it."
            )

    for file in sorted((folder.state / "ministack").glob("*.json")):
        # MiniStack would start without the unreadable file, and overwrite it.
        try:
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
