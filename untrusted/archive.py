"""The rules for every archive that is read: regular files at plain, distinct paths, and limits.

They are checked here and not left to Python's tarfile and zipfile: `filter="data"` can be led out of its folder before
Python 3.13.4 (CVE-2025-4517, -4330, -4138, -4435, CVE-2024-12718), and neither module has limits.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import rmtree
from typing import Protocol

from untrusted.text import is_plain, shown

PIECE = 1 << 18  # bytes that are held at once
_PATH_BYTES = 1024
_NAME_BYTES = 255  # of a file or a folder; as SageMaker has it for models that are not packed (S3ModelDataSource)
_QUOTED = 80  # characters of a path in a message


class UnsafeArchiveError(Exception):
    """The archive is damaged, exceeds a limit, or holds more than regular files at plain, distinct paths."""


class Stream(Protocol):
    """Bytes that are read once, from the beginning."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and none at the end only."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold at most: members, folders included, and bytes once unpacked."""

    members: int
    unpacked_bytes: int


# A model.tar.gz. ResNet-200, the deepest network of SageMaker's image classification, has about 260 MB.
MODEL = Limits(members=1_000, unpacked_bytes=1 << 30)


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A regular file of an archive. It can be read until the next one is asked for."""

    path: PurePosixPath
    is_executable: bool
    reader: Callable[[int], bytes]

    def read(self, size: int = PIECE) -> bytes:
        """At most so many bytes; none at the end. Raises UnsafeArchiveError if the archive ends before."""
        return self.reader(size)

    def content(self, most: int | None = None) -> bytes:
        """All that has not been read. Raises UnsafeArchiveError if the archive ends before, or it is more bytes."""
        parts, count = [], 0
        for piece in self.pieces():
            parts.append(piece)
            count += len(piece)
            if most is not None and count > most:
                raise UnsafeArchiveError(f"{quoted(str(self.path))} has more than {most:,} bytes")
        return b"".join(parts)

    def pieces(self) -> Iterator[bytes]:
        """Yield the content piece by piece. Raises UnsafeArchiveError if the archive ends before."""
        while piece := self.read():
            yield piece

    def write(self, folder: Path) -> None:
        """Write the file into a folder, in which no earlier one has its path. Raises UnsafeArchiveError, OSError."""
        path = folder / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            for piece in self.pieces():
                file.write(piece)
        if self.is_executable:
            path.chmod(path.stat().st_mode | 0o111)


class Paths:
    """The paths of an archive's members: each is plain, and none can take the place of another.

    Paths that differ in capitals or in Unicode's forms alone are the same file on some systems, so they collide.
    """

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.members
        self._members: set[str] = set()
        self._folders: set[str] = set()
        self._spelled: dict[str, tuple[str, bool]] = {}  # by what is the same on every system

    def add(self, name: str, *, is_folder: bool) -> PurePosixPath:
        """The path of a member.

        Raises:
            UnsafeArchiveError: its name is not a plain path, collides with an earlier one, or is one too many.
        """
        path = plain_path(name, is_folder=is_folder)
        if path in self._members:
            raise UnsafeArchiveError(f"{quoted(name)} is in it twice")
        self._members.add(path)
        if len(self._members) > self._limit:
            raise UnsafeArchiveError(f"it has more than {self._limit:,} members")
        self._claim_folder(path.rpartition("/")[0])
        self._claim(path, is_folder=is_folder)
        return PurePosixPath(path)

    def _claim_folder(self, path: str) -> None:
        if path and path not in self._folders:
            self._folders.add(path)
            self._claim_folder(path.rpartition("/")[0])
            self._claim(path, is_folder=True)

    def _claim(self, path: str, *, is_folder: bool) -> None:
        earlier = self._spelled.setdefault(_folded(path), (path, is_folder))
        if earlier != (path, is_folder):
            raise UnsafeArchiveError(f"{quoted(path)} collides with {quoted(earlier[0])}")


def plain_path(name: str, *, is_folder: bool) -> str:
    """The path that a member's name stands for; a beginning ./ is left out, as `tar czf model.tar.gz .` writes it.

    Raises:
        UnsafeArchiveError: the name is empty, absolute or too long, leads through .., or cannot be seen or written
            everywhere (backslashes, colons, control characters).
    """
    if is_folder and name in (".", "./"):
        return "."
    path = (name.removesuffix("/") if is_folder else name).removeprefix("./")
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise UnsafeArchiveError(
            f"{quoted(name)} is absolute, or has a part that is empty, . or .."
        )
    if not is_plain(name) or "\\" in name or ":" in name:
        raise UnsafeArchiveError(f"{quoted(name)} has a control character, a backslash or a colon")
    if len(name.encode()) > _PATH_BYTES or any(len(part.encode()) > _NAME_BYTES for part in parts):
        raise UnsafeArchiveError(
            f"{quoted(name)} is longer than {_PATH_BYTES} bytes, or {_NAME_BYTES} for one name"
        )
    return path


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())


def quoted(name: str) -> str:
    """A member's name for a message: on one line, and not longer than a line."""
    return f'"{shown(name[:_QUOTED])}{"..." if len(name) > _QUOTED else ""}"'


def unpack_files(files: Iterable[ArchivedFile], folder: Path) -> None:
    """Write the files of an archive into a new folder, which is removed again if the archive is not good to its end.

    Raises:
        UnsafeArchiveError: the archive breaks a rule.
        OSError: the folder exists, or cannot be written.
    """
    with _new(folder):
        for file in files:
            file.write(folder)


@contextmanager
def _new(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True)
    try:
        yield
    except BaseException:
        rmtree(folder)
        raise
