"""Append lines of many threads to a file, quickly and within a limit."""

import errno
import logging
import os
from pathlib import Path
from threading import Lock

_logger = logging.getLogger(__name__)


class LineFile:
    """A file of lines; a full file is renamed to the same name with ".1", and a new one begins.

    A rotating handler of `logging` needs 40 microseconds a line, and an image makes twenty lines.

    Args:
        path: the file; its folder exists.
        most_bytes: the largest size of the file.
    """

    def __init__(self, path: Path, most_bytes: int = 50_000_000) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._takes_lines = True
        self._open()

    def append(self, line: str) -> None:
        """Write a line and its end; if the disk refuses the line, the log has one error."""
        data = f"{line}\n".encode()
        with self._lock:
            try:
                self._write(data)
                self._takes_lines = True
            except OSError:
                if (
                    self._takes_lines
                    # A lost line must fail neither a request nor a thread.
                ):
                    _logger.exception("%s takes no more lines", self._path)
                self._takes_lines = False

    def _write(self, data: bytes) -> None:
        if self._size + len(data) > self._most_bytes:
            full = self._descriptor
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._open()
            os.close(full)

        written = os.write(self._descriptor, data)
        # A part of a line would damage the next line.
        if written < len(data):
            os.ftruncate(self._descriptor, self._size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        self._size += written

    def close(self) -> None:
        """Close the file; later lines are an error."""
        os.close(self._descriptor)

    def _open(self) -> None:
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self._size = os.fstat(self._descriptor).st_size
