"""Define the rules for every archive: regular files at plain, distinct paths, and limits.

Python's tarfile and zipfile do not suffice. Before Python 3.13.4 `filter="data"` can be led out of
its folder (CVE-2025-4517, -4330, -4138, -4435, CVE-2024-12718), and neither module has limits.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import rmtree
from typing import Protocol

from untrusted.text import is_plain, shown

PIECE = 1 << 18  # bytes in memory at once
_PATH_BYTES = 1024
# Of a file or a folder: SageMaker's limit for models that are not packed (S3ModelDataSource).
_NAME_BYTES = 255
_QUOTED = 80  # characters of a path in a message


class UnsafeArchiveError(Exception):
    """The archive is damaged, exceeds a limit, or has other members than regular files."""


class Stream(Protocol):
    """A stream of bytes that is read once, from the beginning."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes. An empty result means the end."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an archive: number of members, including folders, and unpacked bytes."""

    members: int
    unpacked_bytes: int


# A model.tar.gz. ResNet-200, the deepest network of the built-in algorithm, has about 260 MB.
MODEL = Limits(members=1_000, unpacked_bytes=1 << 30)


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A regular file of an archive. Read it before you request the next one."""

    path: PurePosixPath
    is_executable: bool
    reader: Callable[[int], bytes]

    def read(self, size: int = PIECE) -> bytes:
        """Return at most `size` bytes; none at the end.

        Raises:
            UnsafeArchiveError: the archive ends within the file.
        """
        return self.reader(size)

    def content(self, most: int | None = None) -> bytes:
        """Return the remaining bytes.

        Raises:
            UnsafeArchiveError: the archive ends within the file, or there are too many bytes.
        """
        parts, count = [], 0
        for piece in self.pieces():
            parts.append(piece)
            count += len(piece)
            if most is not None and count > most:
                raise UnsafeArchiveError(f"{quoted(str(self.path))} has more than {most:,} bytes")
        return b"".join(parts)

    def pieces(self) -> Iterator[bytes]:
        """Yield the content piece by piece.

        Raises:
            UnsafeArchiveError: the archive ends within the file.
        """
        while piece := self.read():
            yield piece

    def write(self, folder: Path) -> None:
        """Write the file into a folder that has no file at its path.

        Raises:
            UnsafeArchiveError: the archive ends within the file.
            OSError: the file cannot be written.
        """
        path = folder / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            for piece in self.pieces():
                file.write(piece)
        if self.is_executable:
            path.chmod(path.stat().st_mode | 0o111)


class Paths:
    """Check the paths of an archive's members: each is plain, and none replaces another.

    Paths that differ only in case or in Unicode form collide: some systems treat them as one file.
    """

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.members
        self._members: set[str] = set()
        self._folders: set[str] = set()
        self._spelled: dict[str, tuple[str, bool]] = {}  # by their form on all systems

    def add(self, name: str, *, is_folder: bool) -> PurePosixPath:
        """Return the path of a member.

        Raises:
            UnsafeArchiveError: the name is not a plain path, collides with an earlier one, or
                exceeds the number of members.
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
    """Return the path of a member's name, without a leading ./ (from `tar czf model.tar.gz .`).

    Raises:
        UnsafeArchiveError: the name is empty, absolute or too long, contains .., or has a
            character that is invisible or invalid on some system (backslash, colon, control).
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
    """Return a member's name for a message, on one line and shortened."""
    return f'"{shown(name[:_QUOTED])}{"..." if len(name) > _QUOTED else ""}"'


def unpack_files(files: Iterable[ArchivedFile], folder: Path) -> None:
    """Write the files of an archive into a new folder, and remove it if the archive is invalid.

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
