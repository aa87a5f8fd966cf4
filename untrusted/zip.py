"""Read zip archives: regular files and folders, stored or deflated, without other bytes.

This module first requires one directory at the end with the right number of members. It refuses a
file that different readers read as different archives (CVE-2025-8291), and members that overlap
(CVE-2024-0450). It refuses Zip64: no archive of the project has 4 GB or 65,535 members.
Then zipfile reads the archive.
"""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from untrusted.archive import PIECE, ArchivedFile, Limits, Paths, UnsafeArchiveError, quoted

_END = struct.Struct("<4s4H2LH")  # "End of central directory record", APPNOTE.TXT 4.3.16
_END_MAGIC = b"PK\x05\x06"
_ZIP64_MAGIC = b"PK\x06\x07"  # of its locator, 20 bytes before the end record
_ZIP64_BYTES = 20
_LOCAL_BYTES = 30  # of a member's own header, without name and extra field
_ENTRY_BYTES = 4096  # of a member's entry in the directory, at most
_ENCRYPTED_OR_PATCH = 0x0061  # bits of the general purpose flag, APPNOTE.TXT 4.4.4
_DOS_FOLDER = 0x10
type _Member = tuple[zipfile.ZipInfo, PurePosixPath]
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError)


def zip_files(archive: IO[bytes], limits: Limits) -> Iterator[ArchivedFile]:
    """Yield the files of a zip archive. All members are checked before the first file.

    Args:
        archive: a seekable file, which stays open.
        limits: the limits of the archive.

    Raises:
        UnsafeArchiveError: the archive breaks a rule.
    """
    with _opened(archive, limits) as (opened, members):
        for member, path in members:
            if not member.is_dir():
                content = _Content(opened, member)
                yield ArchivedFile(path, bool(member.external_attr >> 16 & 0o111), content.read)
                while content.read(PIECE):
                    pass


def check_zip(archive: IO[bytes], limits: Limits) -> None:
    """Check the directory of a zip archive, but not the content of its files.

    Raises:
        UnsafeArchiveError: the archive breaks a rule.
    """
    with _opened(archive, limits):
        pass


@contextmanager
def _opened(archive: IO[bytes], limits: Limits) -> Iterator[tuple[zipfile.ZipFile, list[_Member]]]:
    directory, count = _directory(archive, limits)
    try:
        opened = zipfile.ZipFile(archive)
    except _DAMAGED as error:
        raise UnsafeArchiveError(f"it is damaged: {error}") from error
    with opened:
        infos, paths = opened.infolist(), Paths(limits)
        if len(infos) != count:
            raise UnsafeArchiveError(f"its directory has {len(infos):,} members, not {count:,}")
        members = [(info, paths.add(_name(info), is_folder=info.is_dir())) for info in infos]
        _require_apart(infos, directory)
        if sum(info.file_size for info in infos) > limits.unpacked_bytes:
            raise UnsafeArchiveError(f"it unpacks to more than {limits.unpacked_bytes:,} bytes")
        yield opened, members


def _directory(archive: IO[bytes], limits: Limits) -> tuple[int, int]:
    """Return the offset of the directory and its number of members.

    Raises:
        UnsafeArchiveError: the directory is not at the end, or has too many members.
    """
    place = archive.seek(0, io.SEEK_END) - _END.size
    archive.seek(max(0, place - _ZIP64_BYTES))
    tail = archive.read()
    end = tail[-_END.size :]
    if len(end) < _END.size or not end.startswith(_END_MAGIC):
        raise UnsafeArchiveError("it is not a zip file, is cut off, or has a comment")
    _, disk, directory_disk, here, members, size, offset, comment = _END.unpack(end)
    if disk or directory_disk or here != members or comment:
        raise UnsafeArchiveError("it is one of several parts")
    if offset + size != place or tail.startswith(_ZIP64_MAGIC):
        raise UnsafeArchiveError("its directory is not where it says, or is one of zip64")
    if members > limits.members or size > members * _ENTRY_BYTES:
        raise UnsafeArchiveError(f"it has more than {limits.members:,} members")
    return offset, members


def _name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member.

    Raises:
        UnsafeArchiveError: the member is not a file or a folder.
    """
    name = member.orig_filename
    kind = stat.S_IFMT(member.external_attr >> 16)
    if member.filename != name:
        raise UnsafeArchiveError(f"{quoted(name)} has another name, {quoted(member.filename)}")
    if kind not in (0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG):
        raise UnsafeArchiveError(f"{quoted(name)} is not a regular file (mode {kind:o})")
    if (member.external_attr & _DOS_FOLDER and not member.is_dir()) or (
        member.is_dir() and member.file_size
    ):
        raise UnsafeArchiveError(f"{quoted(name)} is a file and a folder")
    if member.flag_bits & _ENCRYPTED_OR_PATCH or member.compress_type not in (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
    ):
        raise UnsafeArchiveError(
            f"{quoted(name)} is encrypted, or packed in another way than deflated"
        )
    return name


def _require_apart(members: Sequence[zipfile.ZipInfo], directory: int) -> None:
    """Require that members neither overlap nor leave gaps.

    Raises:
        UnsafeArchiveError: members overlap, or other bytes precede one.
    """
    end = 0
    for number, member in enumerate(sorted(members, key=lambda member: member.header_offset)):
        if member.header_offset < end or (number == 0 and member.header_offset):
            raise UnsafeArchiveError(
                f"{quoted(member.filename)} overlaps another member, or something precedes it"
            )
        end = member.header_offset + _LOCAL_BYTES + len(member.filename) + member.compress_size
    if end > directory:
        raise UnsafeArchiveError("its last member overlaps its directory")


@dataclass
class _Content:
    """The content of a member, with exactly the bytes that it announces."""

    archive: zipfile.ZipFile
    member: zipfile.ZipInfo
    opened: IO[bytes] | None = None
    count: int = 0

    def read(self, size: int) -> bytes:
        try:
            self.opened = self.opened or self.archive.open(self.member)
            piece = self.opened.read(size)
        except _DAMAGED as error:
            raise UnsafeArchiveError(
                f"{quoted(self.member.filename)} is damaged: {error}"
            ) from error
        self.count += len(piece)
        if not piece and self.count != self.member.file_size:
            raise UnsafeArchiveError(f"{quoted(self.member.filename)} is shorter than it says")
        return piece
