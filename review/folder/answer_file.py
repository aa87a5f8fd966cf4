"""Store answers as lines of one file: a line is on disk before its answer is confirmed.

A line is a JSON object: an answer, an undo, or the classes. Nothing is overwritten. A line that a
crash has cut off was never confirmed; it is removed when the file is opened, and the page sends
its answer again.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cli.errors import CommandError
from review.errors import RecordBusyError

type Line = Mapping[str, Any]


class AnswerFileError(CommandError):
    """Name a folder that you may write, or correct the damaged line of its file of answers."""


class FolderInUseError(CommandError):
    """Another `scones review` serves this folder. Open its page twice instead, or end it first."""


class AnswerNotStoredError(RecordBusyError):
    """The file of answers could not be written: the page keeps the answer and sends it again."""


class AnswerFile:
    """The file of answers of a folder; one process at a time has it open."""

    def __init__(self, path: Path) -> None:
        """Open the file or make it, and read its lines.

        Raises:
            AnswerFileError: The file cannot be written, or a line is damaged.
            FolderInUseError: Another process has opened it.
        """
        self.path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as exc:
            raise AnswerFileError(f"{path}: {exc.strerror}. {AnswerFileError.__doc__}") from exc
        try:
            self.lines = self._opened()
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        """Return the open file."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        os.close(self._file)

    def append(self, line: Line) -> None:
        """Write a line, and return when it is on disk.

        Raises:
            AnswerNotStoredError: The disk is full or fails; the file is as before.
        """
        text = json.dumps(line).encode() + b"\n"
        try:
            written = os.pwrite(self._file, text, self._size)
            if written != len(text):
                raise OSError(None, "The disk is full")
            os.fsync(self._file)
        except OSError as exc:
            os.ftruncate(self._file, self._size)
            message = f"{self.path}: {exc.strerror}. {AnswerNotStoredError.__doc__}"
            raise AnswerNotStoredError(message) from exc
        self._size += len(text)

    def _opened(self) -> list[Line]:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise FolderInUseError(f"{self.path.parent}: {FolderInUseError.__doc__}") from exc
        data = self.path.read_bytes()
        self._size = data.rfind(b"\n") + 1
        os.ftruncate(self._file, self._size)
        return list(self._parsed(data[: self._size]))

    def _parsed(self, data: bytes) -> Iterator[Line]:
        for number, text in enumerate(data.split(b"\n")[:-1], start=1):
            try:
                line = json.loads(text)
            except (ValueError, RecursionError):
                line = None
            if not isinstance(line, dict):
                raise AnswerFileError(f"{self.path}, line {number}. {AnswerFileError.__doc__}")
            yield line
