"""Read tar archives, with or without gzip: regular files and folders under plain headers.

The format is POSIX pax, "ustar Interchange Format" (IEEE Std 1003.1), which GNU tar also writes.
A header that changes another header (a long name of GNU, a path or size of pax) is refused, because
readers interpret such a pair differently. Times, owner and comment of a file are skipped.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from untrusted.archive import PIECE, ArchivedFile, Limits, Paths, Stream, UnsafeArchiveError, quoted

_BLOCK = 512  # bytes; every part of a tar archive is padded to whole blocks
_EMPTY = bytes(_BLOCK)
_FILE = b"0"
_FOLDER = b"5"
_ATTRIBUTES = (b"x", b"g")
_ATTRIBUTES_BYTES = 1 << 16
_HEADERS = 3  # for a member: its own, its attributes and global attributes
_ATTRIBUTE = re.compile(rb"([0-9]{1,5}) ([^=]+)=")
_HARMLESS = re.compile(
    rb"[amc]time|[ug]id|[ug]name|comment|(LIBARCHIVE|SCHILY)\.xattr\..*|LIBARCHIVE\.creationtime"
)
_OCTAL = re.compile(rb" *([0-7]*)[ \0]*")
_FILLING = 1 << 20  # bytes of zeros after the end; a tape's record has 10,240
_POSIX, _GNU = b"ustar\x0000", b"ustar  \0"


def tar_gz_files(stream: Stream, limits: Limits) -> Iterator[ArchivedFile]:
    """Yield the files of a tar archive with gzip. The end is checked after the last file.

    Raises:
        UnsafeArchiveError: the archive breaks a rule.
    """
    return _files(_inflated(_Limited(stream, limits.unpacked_bytes)), limits)


def tar_files(stream: Stream, limits: Limits) -> Iterator[ArchivedFile]:
    """Yield the files of a tar archive without gzip. The end is checked after the last file.

    Raises:
        UnsafeArchiveError: the archive breaks a rule.
    """
    return _files(iter(_Limited(stream, limits.unpacked_bytes).read, b""), limits)


def _files(pieces: Iterator[bytes], limits: Limits) -> Iterator[ArchivedFile]:
    unpacked = _Unpacked(pieces, limits.unpacked_bytes)
    paths = Paths(limits)
    for _ in range(_HEADERS * (limits.members + 1)):
        block = unpacked.exactly(_BLOCK)
        if block == _EMPTY:
            return unpacked.end()
        header = _Header.of(block)
        if header.kind in _ATTRIBUTES:
            _skip_attributes(unpacked, header)
            continue
        path = paths.add(header.name, is_folder=header.kind == _FOLDER)
        if header.size > unpacked.left:
            raise UnsafeArchiveError(
                f"{quoted(header.name)} exceeds the limit of {limits.unpacked_bytes:,} bytes"
            )
        if header.kind == _FILE:
            content = _Content(unpacked, header.size)
            yield ArchivedFile(path, bool(header.mode & 0o111), content.read)
            while content.read(PIECE):
                pass
            unpacked.exactly(-header.size % _BLOCK)
    raise UnsafeArchiveError("it has too many headers")


@dataclass(frozen=True, slots=True)
class _Header:
    name: str
    kind: bytes
    size: int
    mode: int

    @classmethod
    def of(cls, block: bytes) -> "_Header":
        """Parse a header.

        Raises:
            UnsafeArchiveError: the header is damaged, or not of a file, a folder or attributes.
        """
        if _number(block[148:156]) != sum(block[:148]) + 8 * ord(" ") + sum(block[156:]):
            raise UnsafeArchiveError("a header is damaged: its checksum is wrong")
        if block[257:265] not in (_POSIX, _GNU):
            raise UnsafeArchiveError("a header is neither of POSIX tar nor of GNU tar")
        name, prefix = _text(block[:100]), _text(block[345:500])
        kind = block[156:157].replace(b"\0", _FILE)
        if kind not in (_FILE, _FOLDER, *_ATTRIBUTES):
            raise UnsafeArchiveError(f"{quoted(name)} is not a regular file (type {kind!r})")
        # GNU tar has times and sparse regions in the place of POSIX's prefix of a long path.
        if prefix and block[257:265] != _POSIX:
            raise UnsafeArchiveError(f"{quoted(name)} has fields that only GNU tar knows")
        name = f"{prefix}/{name}" if prefix else name
        mode, owner, group = (_number(block[at : at + 8]) for at in (100, 108, 116))
        size, time = (_number(block[at : at + 12]) for at in (124, 136))
        if min(mode, owner, group, size, time) < 0 or (kind == _FOLDER and size):
            raise UnsafeArchiveError(
                f"{quoted(name)} has a negative number, or is a folder with a size"
            )
        return cls(name, kind, size, mode)


@dataclass
class _Limited:
    """The packed bytes. Gzip can store nothing in any number of bytes, so they have a limit too."""

    stream: Stream
    left: int

    def read(self) -> bytes:
        piece = self.stream.read(PIECE)
        self.left -= len(piece)
        if self.left < 0:
            raise UnsafeArchiveError("it has more bytes than it may have unpacked")
        return piece


@dataclass
class _Unpacked:
    """The unpacked bytes, up to a limit."""

    pieces: Iterator[bytes]
    left: int
    held: memoryview = field(default_factory=lambda: memoryview(b""))

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes. An empty result means the end."""
        while not self.held and (piece := next(self.pieces, None)) is not None:
            self.held = memoryview(piece)
        part, self.held = bytes(self.held[:size]), self.held[size:]
        self.left -= len(part)
        if self.left < 0:
            raise UnsafeArchiveError("it unpacks to more bytes than the limit")
        return part

    def exactly(self, size: int) -> bytes:
        """Return exactly `size` bytes.

        Raises:
            UnsafeArchiveError: the archive ends before.
        """
        parts = []
        while size and (part := self.read(size)):
            parts.append(part)
            size -= len(part)
        if size:
            raise UnsafeArchiveError("it is cut off")
        return b"".join(parts)

    def end(self) -> None:
        """Require that only zeros follow.

        Raises:
            UnsafeArchiveError: other bytes follow.
        """
        for _ in range(_FILLING // _BLOCK):
            block = self.read(_BLOCK)
            if not block:
                return
            if block.strip(b"\0"):
                break
        raise UnsafeArchiveError("something follows its end")


@dataclass
class _Content:
    """The content of a file."""

    unpacked: _Unpacked
    left: int

    def read(self, size: int) -> bytes:
        if not self.left:
            return b""
        part = self.unpacked.read(min(size, self.left))
        if not part:
            raise UnsafeArchiveError("it is cut off")
        self.left -= len(part)
        return part


def _inflated(packed: "_Limited") -> Iterator[bytes]:
    """Yield the content of a gzip file."""
    inflate = zlib.decompressobj(
        wbits=31
    )  # it reads the header of gzip, and checks length and checksum
    data = b""
    try:
        while not inflate.eof:
            piece = inflate.decompress(data, PIECE)
            yield piece
            data = inflate.unconsumed_tail
            # After a full piece more output may follow, even if all input was read.
            if not data and len(piece) < PIECE and not inflate.eof and not (data := packed.read()):
                raise UnsafeArchiveError("its gzip file is cut off")
    except zlib.error as error:
        raise UnsafeArchiveError(f"it is not a gzip file, or a damaged one: {error}") from error
    rest = inflate.unused_data
    while rest or (rest := packed.read()):
        if rest.strip(b"\0"):
            raise UnsafeArchiveError("something follows the end of its gzip file")
        rest = b""


def _skip_attributes(unpacked: _Unpacked, header: _Header) -> None:
    """Skip attributes of pax.

    Raises:
        UnsafeArchiveError: an attribute is not a time, an owner or a comment.
    """
    if header.size > _ATTRIBUTES_BYTES:
        raise UnsafeArchiveError(
            f"{quoted(header.name)} has more than {_ATTRIBUTES_BYTES:,} bytes of attributes"
        )
    data = unpacked.exactly(header.size)
    unpacked.exactly(-header.size % _BLOCK)
    while data:
        found = _ATTRIBUTE.match(data)
        length = int(found[1]) if found else 0
        if not found or not found.end() < length <= len(data) or data[length - 1 : length] != b"\n":
            raise UnsafeArchiveError(f"{quoted(header.name)} has damaged attributes")
        if not _HARMLESS.fullmatch(found[2]):
            key = found[2].decode(errors="replace")
            raise UnsafeArchiveError(
                f"{quoted(header.name)} has the attribute {quoted(key)}: rename or repack the file"
            )
        data = data[length:]


def _text(field: bytes) -> str:
    """Return the text before the first NUL.

    Raises:
        UnsafeArchiveError: other bytes than NUL follow, or the text is not UTF-8.
    """
    text, _, rest = field.partition(b"\0")
    if rest.strip(b"\0"):
        raise UnsafeArchiveError(
            f"{quoted(text.decode(errors='replace'))} has bytes behind its end"
        )
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise UnsafeArchiveError(f"{quoted(text.decode(errors='replace'))} is not UTF-8") from error


def _number(field: bytes) -> int:
    """Parse octal digits, or GNU's binary form of large numbers; return -1 for other bytes."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:])
    found = _OCTAL.fullmatch(field)
    return int(found[1] or b"0", 8) if found else -1
