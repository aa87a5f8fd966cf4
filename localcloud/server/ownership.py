"""Whether a server runs in a folder, and which: told by a lock that the kernel takes back however the server ends."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from localcloud.server.settings import Folder

# A look at the lock holds it for an instant, which a starting server sits out.
_PATIENCE_SECONDS = 1.0


class AlreadyRunningError(Exception):
    """A local cloud already runs in this folder: use it, or stop it with `python -m localcloud down`."""


class FolderNotUsableError(Exception):
    """The folder of the local cloud cannot be used: change its permissions, or name another one with --state-dir."""

    def __init__(self, folder: Folder, reason: OSError) -> None:
        super().__init__(
            f"{folder.path} cannot be used ({reason.strerror}): change its permissions, or name another --state-dir."
        )


class StateNotSavedError(Exception):
    """The state could not be saved: free disk space before the local cloud stops, or changes are lost."""

    def __init__(self, folder: Folder, reason: str) -> None:
        super().__init__(
            f"The state could not be saved in {folder.state} ({reason}). "
            f"What changed since the last save is lost. Free disk space; {folder.log} says more."
        )


@dataclass(frozen=True)
class Record:
    """Who serves, where, and since when (ISO 8601); `version` is MiniStack's."""

    pid: int
    port: int
    url: str
    started_at: str
    version: str

    @classmethod
    def read(cls, folder: Folder) -> "Record | None":
        """Read cloud.json, which is there from the moment at which clients can connect; its server may be dead."""
        try:
            return cls(**json.loads(folder.record.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def write(self, folder: Folder) -> None:
        """Write cloud.json, whole or not at all."""
        partial = folder.record.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        partial.replace(folder.record)


def find(folder: Folder) -> Record | None:
    """Return the record of the server that owns the folder, None if there is none.

    What a dead server left is removed; whoever has its process id by now is not touched.

    Raises:
        FolderNotUsableError: it is not this user's.
    """
    try:
        descriptor = os.open(folder.lock, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise FolderNotUsableError(folder, exc) from exc
    try:
        if _lock(descriptor):
            folder.record.unlink(missing_ok=True)
            return None
    finally:
        os.close(descriptor)
    return Record.read(folder)


@contextmanager
def claim(folder: Folder) -> Iterator[None]:
    """Own the folder, which is made if need be, until the end of the block.

    Raises:
        AlreadyRunningError: another server does.
        FolderNotUsableError: it cannot be made, or not written.
    """
    try:
        for path in (folder.state, folder.temporary, folder.log.parent):
            path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise FolderNotUsableError(folder, exc) from exc
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _lock(descriptor):
            if time.monotonic() > deadline:
                raise AlreadyRunningError(f"A local cloud already runs in {folder.path}.")
            time.sleep(0.05)
        folder.record.unlink(missing_ok=True)
        try:
            yield
        finally:
            folder.record.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
