"""RecordIO files, read back by their format's description."""

import io
import struct

import pytest

from training.dataset.recordio import write_image

MAGIC = 0xCED7230A
MAGIC_BYTES = struct.pack("<I", MAGIC)


def written(*images: bytes) -> bytes:
    file = io.BytesIO()
    for number, image in enumerate(images):
        write_image(file, number, 3, image)
    return file.getvalue()


def read_pieces(data: bytes) -> list[tuple[int, bytes]]:
    """Flag and content of each piece."""
    pieces, at = [], 0
    while at < len(data):
        magic, word = struct.unpack_from("<II", data, at)
        assert magic == MAGIC
        size = word & (1 << 29) - 1
        pieces.append((word >> 29, data[at + 8 : at + 8 + size]))
        at += 8 + (size + 3) // 4 * 4
    return pieces


def test_a_record_is_the_header_and_the_image() -> None:
    assert [(0, struct.pack("<IfQQ", 0, 3.0, 0, 0) + b"image")] == read_pieces(written(b"image"))


def test_records_follow_one_another_with_their_numbers() -> None:
    numbers = [
        struct.unpack_from("<IfQQ", piece)[2]
        for _, piece in read_pieces(written(b"a", b"bc", b"def"))
    ]
    assert [0, 1, 2] == numbers


@pytest.mark.parametrize("size", range(9))
def test_a_file_is_a_multiple_of_four_bytes(size: int) -> None:
    assert 0 == len(written(b"x" * size)) % 4


@pytest.mark.parametrize(
    ("image", "flags"),
    [
        (b"abcd" + MAGIC_BYTES + b"rest", [1, 3]),
        (b"abcd" + MAGIC_BYTES * 2 + b"rest", [1, 2, 3]),
        (b"abcd" + MAGIC_BYTES, [1, 3]),
        (b"abc" + MAGIC_BYTES + b"rest", [0]),
    ],
    ids=["once", "twice", "at the end", "between words"],
)
def test_the_magic_number_in_an_image_cuts_the_record_where_a_reader_would_stumble(
    image: bytes, flags: list[int]
) -> None:
    pieces = read_pieces(written(image))
    assert flags == [flag for flag, _ in pieces]
    assert image == MAGIC_BYTES.join(piece for _, piece in pieces)[24:]
