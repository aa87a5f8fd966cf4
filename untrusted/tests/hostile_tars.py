"""Make hostile tar archives with known attacks on Python's tarfile, GNU tar and others."""

import gzip
import io
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FILE, HARD_LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, FOLDER, FIFO = (
    b"0",
    b"1",
    b"2",
    b"3",
    b"4",
    b"5",
    b"6",
)
POSIX, GNU = b"ustar\x0000", b"ustar  \0"
BLOCK = 512
END = bytes(2 * BLOCK)


def member(
    name: bytes | str,
    content: bytes = b"harm",
    kind: bytes = FILE,
    *,
    link: bytes | str = b"",
    size: bytes | None = None,
    time: bytes = b"",
    magic: bytes = POSIX,
    prefix: bytes = b"",
    mode: bytes = b"0000644\0",
) -> bytes:
    """Make header and content of a member. The default size is that of the content, in octal."""
    content = content if kind == FILE or content != b"harm" else b""
    written = size if size is not None else b"%011o\0" % len(content)
    header = bytearray(BLOCK)
    fields = (
        (0, name),
        (100, mode),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, written),
        (136, time),
    )
    for place, text in (*fields, (156, kind), (157, link), (257, magic), (345, prefix)):
        value = text.encode() if isinstance(text, str) else text
        header[place : place + len(value)] = value
    header[148:156] = b"%06o\0 " % (sum(header) + 8 * ord(" "))
    return bytes(header) + content + bytes(-len(content) % BLOCK)


def attributes(*records: bytes, kind: bytes = b"x", size: bytes | None = None) -> bytes:
    """Make a header of pax with records: `key=value`, or a record with its length."""
    content = b""
    for record in records:
        whole = record if record[:1].isdigit() else numbered(record)
        content += whole
    return member(b"PaxHeaders/x", content, kind, size=size)


def numbered(record: bytes) -> bytes:
    length = len(record) + 2
    while len(b"%d %s\n" % (length, record)) != length:
        length += 1
    return b"%d %s\n" % (length, record)


def packed(*parts: bytes, end: bytes = END) -> bytes:
    """Make a tar.gz of a valid member and these blocks."""
    return gzip.compress(
        member("model.json", b'{"backbone": {"name": "a"}}') + b"".join(parts) + end, 1, mtime=0
    )


def long_links() -> list[bytes]:
    """Make links with a path longer than PATH_MAX, where realpath() fails (CVE-2025-4517)."""
    name, parts, place = "d" * 247, [], ""
    for step in "abcdefghijklmnop":
        folder, link = f"{place}{name}", f"{place}{step}"
        parts += [gnu_name(folder), member(folder[:90], kind=FOLDER)]
        parts += [
            gnu_name(link),
            gnu_name(name, b"K"),
            member(link[:90], kind=SYMLINK, link=name[:90]),
        ]
        place += f"{step}/"
    last = f"{place}{'l' * 254}"
    parts += [gnu_name(last), member(last[:90], kind=SYMLINK, link="../" * 16)]
    parts += [gnu_name(f"{last}/../../outside"), member("x", kind=SYMLINK, link="../../victim")]
    return [*parts, member("escape/secret")]


def gnu_name(name: str, kind: bytes = b"L") -> bytes:
    return member("././@LongLink", name.encode() + b"\0", kind, magic=GNU)


def paths(sandbox: Path) -> Iterator[tuple[str, bytes]]:
    """Yield names that leave the folder, or name another file than they seem to."""
    outside = str(sandbox / "escaped")
    names: dict[str, bytes | str] = {
        "CVE-2007-4559 parent": "../escaped",
        "CVE-2007-4559 absolute": outside,
        "parent inside": "a/../../escaped",
        "parent that stays inside": "a/../b",
        "parent after ./": "./../escaped",
        "only parent": "..",
        "two slashes first": f"/{outside}",
        "two slashes amid": "a//b",
        "dot amid": "a/./b",
        "dot last": "a/.",
        "empty": "",
        "the folder itself as a file": "./",
        "slash last": "a/",
        "newline": "a\nb",
        "terminal escape": "a\x1b[2J",
        "bidirectional mark": "a\u202egpj.b",
        "zero width": "a\u200bb",
        "no break space": "a\u00a0b",
        "backslash": "..\\escaped",
        "drive": "C:escaped",
        "stream of NTFS": "model.json:hidden",
        "not UTF-8": b"a\xff",
        "bytes behind NUL": b"a\0/../../escaped",
    }
    for trick, name in names.items():
        yield trick, packed(member(name))
    yield "prefix is parent", packed(member("escaped", prefix=b".."))
    yield "prefix is absolute", packed(member("escaped", prefix=str(sandbox).encode()[:155]))
    yield "prefix in GNU's format", packed(member("a", magic=GNU, prefix=b"b"))
    yield "CVE-2024-12718 mode of the parent", packed(member("..", kind=FOLDER, mode=b"0000777\0"))
    yield "folder outside", packed(member("../escaped", kind=FOLDER))


def links(sandbox: Path) -> Iterator[tuple[str, bytes]]:
    """Yield links and devices."""
    victim = str(sandbox / "victim")
    yield "symlink outside", packed(member("a", kind=SYMLINK, link="../victim"))
    yield "symlink to absolute path", packed(member("a", kind=SYMLINK, link=victim))
    yield "symlink inside", packed(member("a", kind=SYMLINK, link="model.json"))
    yield "file through symlink", packed(member("a", kind=SYMLINK, link=victim), member("a/secret"))
    yield (
        "file in place of symlink",
        packed(member("a", kind=SYMLINK, link=f"{victim}/secret"), member("a")),
    )
    yield (
        "CVE-2001-1267 two links",
        packed(
            member("a", kind=SYMLINK, link="."),
            member("a/b", kind=SYMLINK, link=".."),
            member("a/b/escaped"),
        ),
    )
    yield (
        "CVE-2025-4138 link that is normalized",
        packed(
            member("a/b", kind=FOLDER),
            member("a/c", kind=SYMLINK, link="b/../../../victim"),
            member("a/c/secret"),
        ),
    )
    yield (
        "CVE-2025-4330 link to a link",
        packed(
            member("a", kind=SYMLINK, link="b/.."),
            member("b", kind=SYMLINK, link=victim),
            member("a/escaped"),
        ),
    )
    yield "CVE-2025-4517 path longer than PATH_MAX", packed(*long_links())
    yield (
        "CVE-2025-4435 filtered, then linked to",
        packed(
            member("a", kind=HARD_LINK, link=f"{victim}/secret"),
            member("b", kind=HARD_LINK, link="a"),
        ),
    )
    yield "hard link outside", packed(member("a", kind=HARD_LINK, link="../victim/secret"))
    yield "hard link inside", packed(member("a", kind=HARD_LINK, link="model.json"))
    yield (
        "hard link with content",
        packed(member("a", b"overwritten", HARD_LINK, link=f"{victim}/secret")),
    )
    yield (
        "hard link to symlink",
        packed(
            member("a", kind=SYMLINK, link=f"{victim}/secret"),
            member("b", kind=HARD_LINK, link="a"),
            member("b"),
        ),
    )
    for name, kind in (
        ("character device", CHARACTER),
        ("block device", BLOCK_DEVICE),
        ("fifo", FIFO),
    ):
        yield name, packed(member("a", kind=kind))
    for kind in (b"7", b"D", b"M", b"V", b"N", b"X", b"A", b"Z", b"\xff"):
        yield f"type {kind!r}", packed(member("a", kind=kind))


def overrides() -> Iterator[tuple[str, bytes]]:
    """Yield headers that change another header."""
    for record in (
        b"path=../escaped",
        b"path=other",
        b"linkpath=/etc",
        b"size=1",
        b"size=99999999999",
        b"size=-512",
    ):
        yield f"pax {record.decode()}", packed(attributes(record), member("a"))
    yield "pax path for all", packed(attributes(b"path=../escaped", kind=b"g"), member("a"))
    yield "pax character set", packed(attributes(b"hdrcharset=BINARY"), member("a"))
    yield "pax type of file", packed(attributes(b"SCHILY.filetype=sparse"), member("a"))
    for version in (
        b"GNU.sparse.size=9",
        b"GNU.sparse.map=0,9",
        b"GNU.sparse.major=1",
        b"GNU.sparse.name=../escaped",
    ):
        yield f"pax {version.decode()}", packed(attributes(version), member("a"))
    for record in (
        b"0 mtime=1\n",
        b"99999 mtime=1\n",
        b"5 mtime=1\n",
        b"999999999999999999 a=1\n",
        b"11 mtime=1",
    ):
        yield f"pax record {record!r}", packed(attributes(record), member("a"))
    yield "pax without records", packed(member("x", b"nothing\n", b"x"), member("a"))
    yield "pax of a megabyte", packed(attributes(b"comment=" + bytes(1_000_000)), member("a"))
    yield "pax of many records", packed(attributes(*[b"comment=none"] * 5000), member("a"))
    yield "pax that ends behind the archive", packed(attributes(b"mtime=1", size=b"00000100000\0"))
    yield "flood of pax headers", packed(*[attributes(b"mtime=1")] * 3100)
    yield "long name of GNU", packed(gnu_name("../escaped"), member("a", magic=GNU))
    yield (
        "long link of GNU",
        packed(gnu_name("/etc/passwd", b"K"), member("a", kind=SYMLINK, magic=GNU)),
    )
    yield "sparse file of GNU", packed(member("a", kind=b"S", size=b"77777777777\0", magic=GNU))


def numbers() -> Iterator[tuple[str, bytes]]:
    """Yield false sizes and damaged headers."""
    sizes = {
        "CVE-2025-8194 negative size": b"\xff" * 12,
        "size of minus 512": b"\xff" * 10 + b"\xfe\x00",
        "size of a terabyte": b"\x80" + (1 << 40).to_bytes(11),
        "size of nearly 8 GiB": b"77777777777\0",
        "size beyond the limit": b"%011o\0" % ((1 << 30) + 1),
        "size beyond the end": b"00000100000\0",
        "size with a sign": b"-0000000001\0",
        "size that int() takes": b"0o0000_0001\0",
        "size of invalid digits": b"00000000009\0",
    }
    for trick, size in sizes.items():
        yield trick, packed(member("a", size=size))
    yield "negative time", packed(member("a", time=b"\xff" * 12))
    yield "folder with content", packed(member("a", b"content", FOLDER))
    damaged = bytearray(member("a"))
    damaged[0] ^= 1
    yield "checksum", packed(bytes(damaged))
    yield "before POSIX", packed(member("a", magic=bytes(8)))
    yield (
        "CVE-2019-20907 header of zeros and a kind",
        packed(member("", kind=b"x", size=b"", magic=bytes(8))),
    )
    yield "no end", packed(member("a"), end=b"")
    yield (
        "another archive behind the end",
        packed(member("a"), end=END + member("../escaped") + END),
    )
    yield "megabytes behind the end", packed(member("a"), end=END + bytes(2 << 20))


def collisions() -> Iterator[tuple[str, bytes]]:
    """Yield members that replace others."""
    yield "twice", packed(member("a"), member("a", b"other"))
    yield "twice, once with ./", packed(member("./model.json"))
    yield "capitals", packed(member("MODEL.json"))
    yield "capitals of a folder", packed(member("code/a"), member("Code/b"))
    yield (
        "forms of Unicode",
        packed(member("\u00e9"), member(unicodedata.normalize("NFD", "\u00e9"))),
    )
    yield "ligature", packed(member("\ufb01le"), member("file"))
    yield "file, then a folder", packed(member("model.json/a"))
    yield "folder, then a file", packed(member("a/b"), member("a"))
    yield "folder twice", packed(member("a", kind=FOLDER), member("a", kind=FOLDER))
    yield "too many members", packed(*(member(f"{number}", b"") for number in range(1001)))


def gzips() -> Iterator[tuple[str, bytes]]:
    """Yield damaged gzip files, and gzip files with hidden content."""
    good = packed(member("a"))
    yield "nothing", b""
    yield "not gzip", b"nothing of the kind"
    yield "not packed", member("a") + END
    yield "only the header of gzip", good[:10]
    yield "half", good[: len(good) // 2]
    yield "no checksum", good[:-8]
    yield "wrong checksum", good[:-8] + bytes(4) + good[-4:]
    yield "wrong length", good[:-4] + bytes(4)
    yield "second gzip member", good + packed(member("../escaped"))
    yield "garbage behind", good + b"garbage"
    yield "reserved compression method", good[:2] + b"\x07" + good[3:]


@cache
def hostile(sandbox: Path) -> dict[str, bytes]:
    """Return all archives by attack. Outside paths are inside the sandbox."""
    tricks = (paths(sandbox), links(sandbox), overrides(), numbers(), collisions(), gzips())
    return {trick: archive for some in tricks for trick, archive in some}


class Endless(io.RawIOBase):
    """A stream that repeats its end forever and fails if a reader does not stop."""

    def __init__(self, beginning: bytes, again: bytes) -> None:
        self.held, self.again, self.count = beginning, again, 0

    def read(self, size: int = -1) -> bytes:
        while len(self.held) < size:
            self.held += self.again * (1 + size // len(self.again))
        part, self.held = self.held[:size], self.held[size:]
        self.count += len(part)
        assert self.count < 1 << 23, "the reader does not stop"
        return part
