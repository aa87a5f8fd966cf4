"""Make hostile zip archives with known attacks on zipfile, unzip and others."""

import io
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

type Change = Callable[[zipfile.ZipInfo], None]
CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def zipped(*members: tuple[str, bytes] | tuple[str, bytes, Change]) -> bytes:
    """Make a zip of a valid member and these: name, content and a change of the description."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        warnings.catch_warnings(action="ignore"),
    ):
        archive.writestr("app.py", "pass")
        for name, content, *changes in members:
            member = zipfile.ZipInfo("placeholder")
            member.filename = name  # the constructor would end it at NUL
            member.compress_type = zipfile.ZIP_DEFLATED
            for change in changes:
                change(member)
            archive.writestr(member, content)
    return buffer.getvalue()


def mode(kind: int, system: int = 3) -> Change:
    def change(member: zipfile.ZipInfo) -> None:
        member.external_attr, member.create_system = (kind | 0o777) << 16, system

    return change


def patched(archive: bytes, record: bytes, place: int, value: bytes) -> bytes:
    """Return the archive with a value at an offset in the last record of a kind."""
    at = archive.rindex(record) + place
    return archive[:at] + value + archive[at + len(value) :]


def names(sandbox: Path) -> Iterator[tuple[str, bytes]]:
    """Yield zip slips (CVE-2018-1002200 and similar)."""
    for trick, name in {
        "zip slip": "../escaped",
        "zip slip inside": "a/../../escaped",
        "absolute": str(sandbox / "escaped"),
        "backslash": "..\\escaped",
        "drive": "C:/escaped",
        "share": "//host/share",
        "NUL": "a\0.py",
        "newline": "a\nb",
        "bidirectional mark": "\u202eyp.a",
        "dot": ".",
        "two slashes": "a//b",
        "name of 256 bytes": "a" * 256,
        "path of 1,100 bytes": "abcdefghij/" * 100 + "a",
    }.items():
        yield trick, zipped((name, b"harm"))
    yield "empty name", patched(patched(zipped(("a", b"")), CENTRAL, 28, b"\0"), LOCAL, 26, b"\0")

    def renamed(member: zipfile.ZipInfo) -> None:
        name = b"../escaped"
        member.extra = struct.pack("<HHBL", 0x7075, 5 + len(name), 1, zlib.crc32(b"a.py")) + name

    yield "another name in the extra field", zipped(("a.py", b"harm", renamed))
    yield (
        "another name in the member's own header",
        patched(zipped(("a.py", b"harm")), LOCAL, 30, b"b"),
    )


def kinds(sandbox: Path) -> Iterator[tuple[str, bytes]]:
    """Yield members that are not files."""
    victim = str(sandbox / "victim").encode()
    yield "symlink", zipped(("a", victim, mode(stat.S_IFLNK)))
    yield "symlink of another system", zipped(("a", victim, mode(stat.S_IFLNK, system=0)))
    yield "file through symlink", zipped(("a", victim, mode(stat.S_IFLNK)), ("a/secret", b"harm"))
    for trick in ("IFIFO", "IFCHR", "IFBLK", "IFSOCK", "IFDIR"):
        yield trick, zipped(("a", b"", mode(getattr(stat, f"S_{trick}"))))

    def dos_folder(member: zipfile.ZipInfo) -> None:
        member.external_attr = 0x10

    yield "folder by its attribute", zipped(("a", b"harm", dos_folder))
    yield "folder with content", zipped(("a/", b"harm"))


def collisions() -> Iterator[tuple[str, bytes]]:
    """Yield members that replace others."""
    yield "twice", zipped(("app.py", b"other"))
    yield "twice, once with ./", zipped(("./app.py", b"other"))
    yield "capitals", zipped(("App.py", b"other"))
    yield "file and folder", zipped(("app.py/a", b""))
    one = zipped()
    directory = one[one.index(CENTRAL) : one.index(END)]
    other = directory.replace(b"app.py", b"bpp.py")
    yield "members that share their bytes", with_directory(one, directory, other)
    outer = zipped(("b.py", one))
    yield (
        "CVE-2024-0450 quoted overlap",
        patched(outer, CENTRAL, 42, struct.pack("<L", outer.index(LOCAL) + 4)),
    )


def with_directory(archive: bytes, *entries: bytes) -> bytes:
    """Return the archive with another directory."""
    begin, entry = archive.index(CENTRAL), b"".join(entries)
    end = struct.pack("<4s4H2LH", END, 0, 0, len(entries), len(entries), len(entry), begin, 0)
    return archive[:begin] + entry + end


def sizes() -> Iterator[tuple[str, bytes]]:
    """Yield bombs and false sizes."""
    good = zipped(("a", b"harm" * 100))
    for trick, size in {
        "a bomb of 4 GB": 0xFFFFFFF0,
        "one byte more": 401,
        "one byte less": 399,
    }.items():
        yield trick, patched(good, CENTRAL, 24, struct.pack("<L", size))
    yield "packed size beyond the end", patched(good, CENTRAL, 20, struct.pack("<L", 1_000_000))
    yield "wrong checksum", patched(good, CENTRAL, 16, b"\0\0\0\0")
    yield "damaged", patched(good, LOCAL, 31, b"\xff\xff\xff")
    yield "beyond the limit", patched(good, CENTRAL, 24, struct.pack("<L", (1 << 31) - 1))
    yield "encrypted", patched(patched(good, CENTRAL, 8, b"\x01"), LOCAL, 6, b"\x01")
    for trick, method in {"bzip2": 12, "lzma": 14, "unknown method": 99}.items():
        yield trick, patched(patched(good, CENTRAL, 10, bytes([method])), LOCAL, 8, bytes([method]))


def ends() -> Iterator[tuple[str, bytes]]:
    """Yield files that are several archives, or not an archive."""
    good = zipped(("a", b"harm"))
    yield "nothing", b""
    yield "not zip", b"nothing of the kind" * 10
    yield "half", good[: len(good) // 2]
    yield "something before", b"#!/bin/sh\n" + good
    yield "something behind", good + b"behind"
    yield "another archive before", zipped(("../escaped", b"")) + good
    yield "comment", patched(good, END, 20, b"\x02") + b"no"
    yield "archive in a comment", patched(good, END, 20, struct.pack("<H", len(good))) + good
    yield "directory elsewhere", patched(good, END, 16, b"\0\0\0\0")
    yield "fewer members than it has", patched(good, END, 8, b"\x01\0\x01\0")
    yield "more members than it has", patched(good, END, 8, b"\x09\0\x09\0")
    yield "a million members", patched(good, END, 8, b"\xff\xff\xff\xff")
    yield "several disks", patched(good, END, 4, b"\x01\0")
    yield "gap before the directory", (lambda at: with_gap(good, at))(good.index(CENTRAL))
    begin, end = good.index(CENTRAL), good.index(END)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, begin, 1)
    size = struct.pack("<L", end - begin + len(locator))
    yield (
        "CVE-2025-8291 locator of zip64",
        patched(good[:end] + locator + good[end:], END, 12, size),
    )
    yield "CVE-2025-8291 another directory for readers of zip64", two_directories(good)
    yield "size of zip64", patched(good, END, 12, b"\xff\xff\xff\xff")


def two_directories(archive: bytes) -> bytes:
    """Make a zip whose end record and zip64 end record name different directories."""
    begin, end = archive.index(CENTRAL), archive.index(END)
    directory = archive[begin:end]
    other = directory.replace(b"app.py", b"bpp.py")
    changed = archive[:begin].replace(b"app.py", b"bpp.py") + directory + other
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2, 2, len(other), end)
    return (
        changed + end64 + struct.pack("<4sLQL", b"PK\x06\x07", 0, len(changed), 1) + archive[end:]
    )


def with_gap(archive: bytes, at: int) -> bytes:
    return archive[:at] + b"hidden" + archive[at:]


@cache
def hostile(sandbox: Path) -> dict[str, bytes]:
    """Return all archives by attack. Outside paths are inside the sandbox."""
    tricks = (names(sandbox), kinds(sandbox), collisions(), sizes(), ends())
    return {trick: archive for some in tricks for trick, archive in some}
