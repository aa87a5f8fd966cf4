"""Read MXNet RecordIO (.rec) files of images.

A file is a sequence of records, each padded with zeros to a multiple of 4 bytes. A record is the
magic number, a word with a flag (3 bits) and the number of following bytes (29 bits), and the
bytes. If the bytes have the magic number at a multiple of 4, the writer omits it and splits the
record; the flag identifies the part.
The bytes of an image record are a header (flag, label, id, id2), the number of further labels
that its flag gives, and the image file. All numbers are little endian.

Source: dmlc/recordio.h of dmlc-core and python/mxnet/recordio.py of Apache MXNet 1.9.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from algorithm.errors import AlgorithmError

MAGIC = struct.pack("<I", 0xCED7230A)
PREFIX = struct.Struct("<4sI")
LENGTH_BITS = 29
WHOLE, FIRST, MIDDLE, LAST = range(4)  # the flag
HEADER = struct.Struct("<IfQQ")
LABEL = struct.Struct("<f")


class RecordIOError(AlgorithmError):
    """A .rec file is damaged, or is not an MXNet RecordIO file of images with one label each."""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image file and its label, a whole number for a class."""

    label: float
    image: bytes


def image_records(content: bytes) -> Iterator[ImageRecord]:
    """Yield the images in the content of a .rec file.

    Raises:
        RecordIOError: a record is damaged; the message has its first byte.
    """
    for start, record in records(content):
        yield image_record(record, start)


def records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the records in the content of a .rec file, each with its first byte.

    Raises:
        RecordIOError: a record is damaged.
    """
    begun: list[bytes] = []
    start = position = 0
    while position < len(content):
        flag, part = part_at(content, position)
        if flag > LAST or (flag in (WHOLE, FIRST)) == bool(begun):
            raise RecordIOError(f"byte {position}: a part with the flag {flag} is out of place")
        start = position if not begun else start
        begun.append(part)
        position += PREFIX.size + len(part) + -len(part) % 4
        if flag in (WHOLE, LAST):
            yield start, MAGIC.join(begun)
            begun = []
    if begun:
        raise RecordIOError(f"byte {start}: the file ends within a record")


def part_at(content: bytes, position: int) -> tuple[int, bytes]:
    """Return flag and bytes of the record, or part of one, that begins at a byte.

    Raises:
        RecordIOError: the record at this byte is incomplete.
    """
    body = position + PREFIX.size
    if body > len(content):
        raise RecordIOError(f"byte {position}: the file ends within a record")
    magic, word = PREFIX.unpack_from(content, position)
    if magic != MAGIC:
        raise RecordIOError(f"byte {position}: no record begins here")
    length = word & ((1 << LENGTH_BITS) - 1)
    if body + length > len(content):
        raise RecordIOError(f"byte {position}: the file ends within a record")
    return word >> LENGTH_BITS, content[body : body + length]


def image_record(record: bytes, start: int) -> ImageRecord:
    """Parse an image record.

    Raises:
        RecordIOError: the record is too short, or has several labels.
    """
    if len(record) < HEADER.size:
        raise RecordIOError(f"byte {start}: the record is too short for an image")
    labels, label, _, _ = HEADER.unpack_from(record)
    if labels > 1 or len(record) < HEADER.size + labels * LABEL.size:
        raise RecordIOError(f"byte {start}: the record has {labels} labels")
    if labels:  # the header's own label is then unused
        (label,) = LABEL.unpack_from(record, HEADER.size)
    return ImageRecord(label, record[HEADER.size + labels * LABEL.size :])
