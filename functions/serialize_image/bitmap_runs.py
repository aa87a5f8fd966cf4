"""Decode the run lengths of a BMP.

Pillow reads each run with two calls of Python, and shifts the rest of a row after a run of RLE4
that passes the row's end. Here a run that passes the end of its row is cut off there, and pixels
that no run sets are black, as in Chromium. The format is in Microsoft's "Bitmap Compression".
"""

import re
from itertools import starmap
from operator import mul

from PIL import Image, ImageFile

BMP_RUN_LENGTHS = (1, 2)  # the compressions RLE8 and RLE4
_RLE4 = 2
_MOST_CODES = 2_000_000  # of ends, jumps and literals: at most 1.5 s
_END_OF_ROW, _END_OF_PICTURE, _JUMP = 0, 1, 2
# A block of runs: at most 1 MB of pixels, even if every run passes the end of its row.
_RUNS = re.compile(rb"(?:[\x01-\xff].){1,4096}", re.DOTALL)
# The pixels that a byte stands for: one in RLE8, two in RLE4.
_ONE = [bytes([value]) for value in range(256)]
_TWO = [bytes([value >> 4, value & 15]) for value in range(256)]
_DIGITS = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))


class _Rows:
    """The pixels of a picture, filled from left to right and from the first row to the last."""

    def __init__(self, width: int, height: int) -> None:
        self.levels = bytearray(width * height)
        self.opaque: bytearray | None = None
        self._width = width
        self._height = height
        self._column = 0
        self._row = 0

    @property
    def is_complete(self) -> bool:
        """Whether the next pixel would be behind the picture."""
        at_end = self._row == self._height - 1 and self._column == self._width
        return at_end or self._row >= self._height

    def add(self, pixels: bytes) -> None:
        """Fill the next pixels of this row; drop those behind its end."""
        start = self._row * self._width + self._column
        pixels = pixels[: self._width - self._column]
        self.levels[start : start + len(pixels)] = pixels
        self._column += len(pixels)

    def jump(self, across: int, down: int) -> None:
        """Leave the pixels up to another place free."""
        start = self._row * self._width + self._column
        self._column = min(self._column + across, self._width)
        self._row = min(self._row + down, self._height)
        self._clear(start, self._row * self._width + self._column)

    def end_row(self) -> None:
        """Leave the rest of this row free."""
        self.jump(-self._column, 1)

    def end(self) -> None:
        """Leave the rest of the picture free."""
        self._clear(self._row * self._width + self._column, len(self.levels))

    def _clear(self, start: int, end: int) -> None:
        if start < end:
            self.opaque = self.opaque or bytearray(b"\xff" * len(self.levels))
            self.opaque[start:end] = bytes(len(self.opaque[start:end]))


def decode_runs(image: ImageFile.ImageFile, data: bytes) -> Image.Image:
    """Return the picture of a BMP that Pillow opened, from its runs.

    Raises:
        ValueError: the runs end before the picture.
    """
    tile = image.tile[0]
    rows = _read(data[tile.offset :], image.info["compression"] == _RLE4, image.size)
    assert isinstance(tile.args, tuple)
    direction = int(tile.args[-1])

    picture = _picture(image, bytes(rows.levels), direction)
    if rows.opaque is None:
        return picture

    black = Image.new("RGB", image.size)
    opaque = _plane("L", image.size, bytes(rows.opaque), direction)
    black.paste(picture.convert("RGB"), mask=opaque)
    return black


def _picture(image: ImageFile.ImageFile, levels: bytes, direction: int) -> Image.Image:
    # Pillow opens a grey palette as grey levels, and a black and white one as bits.
    if image.mode != "P":
        grey = levels if image.mode == "L" else levels.translate(b"\0" + b"\xff" * 255)
        return _plane("L", image.size, grey, direction)

    picture = _plane("P", image.size, levels, direction)
    assert image.palette
    picture.palette = image.palette
    return picture


def _plane(mode: str, size: tuple[int, int], levels: bytes, direction: int) -> Image.Image:
    return Image.frombytes(mode, size, levels, "raw", mode, 0, direction)


def _read(data: bytes, halves: bool, size: tuple[int, int]) -> _Rows:
    rows = _Rows(*size)
    place = codes = 0
    while not rows.is_complete:
        if runs := _RUNS.match(data, place):
            rows.add(_expanded(runs[0], halves))
            place = runs.end()
            continue
        codes += 1
        if codes > _MOST_CODES:
            raise ValueError("the picture is in too many pieces")
        code = data[place + 1]  # an IndexError is a cut-off file
        place += 2
        if code == _END_OF_PICTURE:
            rows.end()
            break
        if code == _END_OF_ROW:
            rows.end_row()
        elif code == _JUMP:
            rows.jump(data[place], data[place + 1])
            place += 2
        else:
            length = (code + 1) // 2 if halves else code
            rows.add(_literal(data[place : place + length], code, halves))
            place += length + length % 2

    return rows


def _expanded(runs: bytes, halves: bool) -> bytes:
    counts, values = runs[::2], runs[1::2]
    if halves:
        longer = zip(map(_TWO.__getitem__, values), counts, strict=True)
        return b"".join([(two * (count // 2 + 1))[:count] for two, count in longer])

    return b"".join(starmap(mul, zip(map(_ONE.__getitem__, values), counts, strict=True)))


def _literal(values: bytes, count: int, halves: bool) -> bytes:
    """Return a number of pixels that are stored one by one."""
    pixels = values.hex().encode().translate(_DIGITS)[:count] if halves else values
    if len(pixels) < count:
        raise ValueError("the runs end within the picture")

    return pixels
