"""Reads MXNet RecordIO (.rec) files of images.

A file is a row of records, each padded with zeros to a multiple of 4 bytes: the magic number, a word that holds a flag
(3 bits) and the number of bytes that follow (29 bits), the bytes. Where the bytes of a record would hold the magic
number at a multiple of 4, the writer leaves it out and cuts the record in two, and the flag says which part this is.
The bytes of an image record are a header (flag, label, id, id2), as many further labels as its flag says, and the file
of the image. Everything is little endian.

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
    """A .rec file is damaged, or is no MXNet RecordIO of images with one label each."""


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image file and its label, a whole number for a class."""

    label: float
    image: bytes


def image_records(content: bytes) -> Iterator[ImageRecord]:
    """The images in the content of a .rec file. Raises RecordIOError, naming the byte where the record begins."""
    for start, record in records(content):
        yield image_record(record, start)


def records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The records in the content of a .rec file, each with the byte where it begins. Raises RecordIOError."""
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
    """The flag and the bytes of the record, or the part of one, that begins at a byte. Raises RecordIOError."""
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
    """An image record taken apart. Raises RecordIOError."""
    if len(record) < HEADER.size:
        raise RecordIOError(f"byte {start}: the record is too short for an image")
    labels, label, _, _ = HEADER.unpack_from(record)
    if labels > 1 or len(record) < HEADER.size + labels * LABEL.size:
        raise RecordIOError(f"byte {start}: the record has {labels} labels")
    if labels:  # then the header's own label means nothing
        (label,) = LABEL.unpack_from(record, HEADER.size)
    return ImageRecord(label, record[HEADER.size + labels * LABEL.size :])
