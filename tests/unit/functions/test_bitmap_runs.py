"""A BMP in run lengths has the pixels that its runs set, and is black elsewhere."""

import random
import struct
from io import BytesIO

import pytest
from PIL import Image

from functions.serialize_image import bitmap_runs
from functions.serialize_image.image_preparation import CorruptImageError, prepare_image
from tests.images.formats import bmp

BLACK = 0
END = b"\0\1"
Pixels = dict[tuple[int, int], int]


def grey_bmp(width: int, height: int, runs: bytes, halves: bool = False) -> bytes:
    """Return a BMP in runs whose palette is grey from 255 down, so that level 0 is not black."""
    bits, compression, step = (4, 2, 17) if halves else (8, 1, 1)
    data = bmp(width, height, bits, compression, runs)
    colours = b"".join(bytes((255 - step * level,) * 3) + b"\0" for level in range(1 << bits))
    return data[:54] + colours + data[54 + len(colours) :]


def levels(data: bytes) -> list[bytes]:
    """Return the grey levels of the prepared rows, the first at the top."""
    image = Image.open(BytesIO(prepare_image(data).data)).convert("L")
    pixels = image.tobytes()
    return [pixels[at : at + image.width] for at in range(0, len(pixels), image.width)]


def reference(runs: bytes, width: int, halves: bool) -> Pixels:
    """Return the level at each column and row that is set, counted from the lower left corner."""
    found: Pixels = {}
    x = y = place = 0

    def put(level: int) -> None:
        nonlocal x
        if x < width:
            found[x, y] = 255 - level * (17 if halves else 1)
            x += 1

    while True:
        count, value = runs[place : place + 2]
        place += 2
        if count:
            for number in range(count):
                put((value >> 4, value & 15)[number % 2] if halves else value)
        elif value == 0:
            x, y = 0, y + 1
        elif value == 1:
            return found
        elif value == 2:
            x, y = min(x + runs[place], width), y + runs[place + 1]
            place += 2
        else:
            size = (value + 1) // 2 if halves else value
            for number in range(value):
                byte = runs[place + number // 2] if halves else runs[place + number]
                put((byte >> 4, byte & 15)[number % 2] if halves else byte)
            place += size + size % 2


def random_runs(chance: random.Random, height: int, halves: bool) -> bytes:
    """Return runs, literals and jumps for a picture, some of them past the end of a row."""
    parts = []
    row = 0
    while row < height - 1:
        kind = chance.randrange(8)
        if kind == 0:
            parts.append(b"\0\0")
            row += 1
        elif kind == 1:
            down = chance.randrange(min(3, height - row))
            parts.append(bytes((0, 2, chance.randrange(5), down)))
            row += down
        elif kind == 2:
            count = chance.randrange(3, 20)
            size = (count + 1) // 2 if halves else count
            parts.append(bytes((0, count)) + chance.randbytes(size) + bytes(size % 2))
        else:
            parts.append(bytes((chance.randrange(1, 12), chance.randrange(256))))
    return b"".join(parts) + END


@pytest.mark.parametrize("halves", [False, True], ids=["RLE8", "RLE4"])
@pytest.mark.parametrize("seed", range(50))
def test_runs_set_the_pixels_of_the_specification(seed: int, halves: bool) -> None:
    chance = random.Random(seed)
    width, height = chance.randrange(1, 40), chance.randrange(1, 20)
    runs = random_runs(chance, height, halves)
    expected = reference(runs, width, halves)
    assert [
        bytes(expected.get((x, y), BLACK) for x in range(width)) for y in reversed(range(height))
    ] == levels(grey_bmp(width, height, runs, halves))


@pytest.mark.parametrize(("width", "cells"), [(63, 6), (61, 1), (5, 2)])
def test_run_of_rle4_past_the_end_of_a_row_shifts_nothing(width: int, cells: int) -> None:
    def level(x: int, y: int) -> int:
        return (x + y) // cells % 16

    rows = []
    for y in reversed(range(48)):
        literal = [level(x, y) for x in range(width // 2 * 2)]
        pairs = bytes(16 * one + other for one, other in zip(*[iter(literal)] * 2, strict=True))
        runs = b"".join(bytes((2, pair)) for pair in pairs)
        rows.append(runs + bytes((2, 16 * level(width - 1, y) + 9)) + b"\0\0")
    expected = [bytes(255 - 17 * level(x, y) for x in range(width)) for y in range(48)]
    assert expected == levels(grey_bmp(width, 48, b"".join(rows) + END, halves=True))


@pytest.mark.parametrize("size", [(512, 384), (640, 480), (800, 600)])
def test_photo_in_runs_is_read(size: tuple[int, int]) -> None:
    chance = random.Random(0)
    rows = [chance.randbytes(size[0]) for _ in range(size[1])]
    runs = b"".join(b"".join(bytes((1, level)) for level in row) + b"\0\0" for row in rows)
    prepared = prepare_image(grey_bmp(*size, runs + END))
    assert size == (prepared.source.width, prepared.source.height)


def test_colours_of_a_palette_are_kept() -> None:
    runs = b"\2\1\2\2\0\0" + END
    data = bmp(4, 1, 8, 1, runs)
    palette = struct.pack("<III", 0, 0x0000FF, 0xFF0000) + data[66 : 54 + 4 * 256]
    image = Image.open(BytesIO(prepare_image(data[:54] + palette + runs).data)).convert("RGB")
    assert [(0, 0, 255), (255, 0, 0)] == [image.getpixel((x, 0)) for x in (1, 2)]


@pytest.mark.parametrize(
    "runs",
    [b"", b"\4", b"\4\1", b"\4\1\0", b"\4\1\0\0", b"\0\2\1", b"\0\5\1\1", b"\4\1\0\0\0\4\1"],
)
def test_runs_that_end_within_the_picture_are_damaged(runs: bytes) -> None:
    with pytest.raises(CorruptImageError):
        prepare_image(grey_bmp(4, 2, runs))


def test_picture_may_end_without_its_end_mark() -> None:
    assert [b"\xfd" * 4, b"\xfe" * 4] == levels(grey_bmp(4, 2, b"\4\1\0\0\4\2"))


def test_picture_in_too_many_pieces_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    data = grey_bmp(4, 2, b"\0\2\0\0" * 9 + b"\4\1\0\0\4\2" + END)
    assert prepare_image(data)
    monkeypatch.setattr(bitmap_runs, "_MOST_CODES", 9)
    with pytest.raises(CorruptImageError) as caught:
        prepare_image(data)
    assert "too many pieces" in str(caught.value.__cause__)
