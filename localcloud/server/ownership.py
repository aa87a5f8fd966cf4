"""Find the server of a folder by a lock, which the kernel releases when the server ends."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from localcloud.server.settings import Folder

# A check holds the lock for a moment; a starting server waits for this time.
_PATIENCE_SECONDS = 1.0


class AlreadyRunningError(Exception):
    """A local cloud already runs in this folder: use it, or stop it with `localcloud down`."""


class FolderNotUsableError(Exception):
    """The folder of the local cloud cannot be used."""

    def __init__(self, folder: Folder, reason: OSError) -> None:
        super().__init__(
            f"{folder.path} cannot be used ({reason.strerror}): "
            "change its permissions, or name another --state-dir."
        )


class StateNotSavedError(Exception):
    """The state could not be saved: free disk space before the local cloud stops."""

    def __init__(self, folder: Folder, reason: str) -> None:
        super().__init__(
            f"The state could not be saved in {folder.state} ({reason}). "
            f"Changes since the last save are lost. Free disk space. The log is {folder.log}."
        )


@dataclass(frozen=True)
class Record:
    """The server of a folder: its process, its address and its start (ISO 8601). `version` is
    MiniStack's.
    """

    pid: int
    port: int
    url: str
    started_at: str
    version: str

    @classmethod
    def read(cls, folder: Folder) -> "Record | None":
        """Read cloud.json, which exists from the moment at which clients can connect; its server
        may have ended.
        """
        try:
            return cls(**json.loads(folder.record.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def write(self, folder: Folder) -> None:
        """Write cloud.json as a whole."""
        partial = folder.record.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        partial.replace(folder.record)


def find(folder: Folder) -> Record | None:
    """Return the record of the server that owns the folder, or None.

    The record of a dead server is removed. A process that has its id now is not touched.

    Raises:
        FolderNotUsableError: the folder belongs to another user.
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
    """Own the folder, which is created if it is missing, until the end of the block.

    Raises:
        AlreadyRunningError: another server owns the folder.
        FolderNotUsableError: the folder cannot be created or written.
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
