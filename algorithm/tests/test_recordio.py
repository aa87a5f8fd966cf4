import struct
from contextlib import suppress

import pytest

from algorithm.recordio import ImageRecord, RecordIOError, image_records, records

MAGIC = struct.pack("<I", 0xCED7230A)


def part(flag: int, content: bytes) -> bytes:
    """Make a part of a record: magic number, flag and length, content, padding to 4 bytes."""
    return MAGIC + struct.pack("<I", flag << 29 | len(content)) + content + bytes(-len(content) % 4)


def header(flag: int = 0, label: float = 1) -> bytes:
    return struct.pack("<IfQQ", flag, label, 7, 0)


def contents(file: bytes) -> list[bytes]:
    return [record for _, record in records(file)]


@pytest.mark.parametrize("length", range(6))
def test_records_of_any_length_are_read_one_after_the_other(length: int) -> None:
    assert [b"x" * length, b"next"] == contents(part(0, b"x" * length) + part(0, b"next"))


def test_empty_file_has_no_records() -> None:
    assert [] == contents(b"")


def test_records_in_parts_are_joined_by_the_magic_number() -> None:
    file = part(1, b"abcd") + part(2, b"") + part(3, b"ef") + part(0, b"next")
    assert [b"abcd" + MAGIC + MAGIC + b"ef", b"next"] == contents(file)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"no RecordIO at all", "byte 0: no record begins here"),
        (part(0, b"abcd") + b"garbage!", "byte 12: no record begins here"),
        (part(0, b"abcd") + MAGIC, "byte 12: the file ends within a record"),
        (part(0, b"abcd")[:-1], "byte 0: the file ends within a record"),
        (part(0, b"abcd") + part(1, b""), "byte 12: the file ends within a record"),
        (part(2, b""), "byte 0: a part with the flag 2 is out of place"),
        (part(3, b""), "byte 0: a part with the flag 3 is out of place"),
        (part(1, b"") + part(1, b""), "byte 8: a part with the flag 1 is out of place"),
        (part(1, b"") + part(0, b""), "byte 8: a part with the flag 0 is out of place"),
        (part(4, b""), "byte 0: a part with the flag 4 is out of place"),
    ],
)
def test_records_damaged_file_is_refused_with_the_position(file: bytes, reason: str) -> None:
    with pytest.raises(RecordIOError, match=reason):
        contents(file)


def test_image_records_of_any_damage_raise_only_the_named_error() -> None:
    file = part(0, header() + b"image") + part(1, header()) + part(3, b"rest")
    damaged = [file[:end] for end in range(len(file))]
    damaged += [
        file[:at] + bytes([file[at] ^ bit]) + file[at + 1 :]
        for at in range(len(file))
        for bit in (1, 128)
    ]
    for content in damaged:
        with suppress(RecordIOError):
            list(image_records(content))


def test_image_records_header_and_image_are_separated() -> None:
    assert [ImageRecord(3.0, b"image")] == list(image_records(part(0, header(label=3) + b"image")))


def test_image_records_label_in_an_array_replaces_the_label_of_the_header() -> None:
    record = header(flag=1, label=0) + struct.pack("<f", 5) + b"image"
    assert [ImageRecord(5.0, b"image")] == list(image_records(part(0, record)))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"short", "the record is too short for an image"),
        (header(flag=2) + bytes(8), "the record has 2 labels"),
        (header(flag=1), "the record has 1 labels"),
    ],
)
def test_image_records_other_content_is_refused(record: bytes, reason: str) -> None:
    first = part(0, header() + b"image...")
    with pytest.raises(RecordIOError, match=f"byte {len(first)}: {reason}"):
        list(image_records(first + part(0, record)))
