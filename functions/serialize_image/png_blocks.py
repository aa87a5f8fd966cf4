"""Drop the chunks of a PNG that decoding does not need, and find the first frame of an animation.

Decoders that know animations show the first frame, which need not be the image in IDAT: the chunk
fcTL then follows the IDAT (PNG specification, third edition, section 11.3.6).
"""

import re
import struct
import zlib
from collections.abc import Iterator
from itertools import dropwhile, takewhile
from typing import NamedTuple

from functions.serialize_image.essential_blocks import MAX_BLOCKS, Canvas, EssentialBlocks

PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
PNG_ORIENTATION = b"eXIf"
PNG_TEXT = frozenset({b"zTXt", b"tEXt", b"iTXt"})
PNG_WANTED_TEXT = (b"Raw profile type exif\0",)  # may name the orientation
PNG_COLOURS = {b"gAMA": 4, b"sRGB": 1}  # and the bytes of their contents
PNG_PROFILE = b"iCCP"
MAX_PNG_PROFILE_BYTES = 1_000_000  # expanded: Pillow refuses images with more
PNG_NAME = re.compile(rb"[A-Za-z]{4}")
MAX_PNG_ANCILLARY_BYTES = 1_000_000  # of a chunk that decoding needs beside the pixels
_MOST_FRAMES = 2**31
_FRAME_BYTES = 26  # of fcTL: number, width, height, left, top, delays and methods


class Chunk(NamedTuple):
    """The name of a chunk, and its start and end in the file, with its length and checksum."""

    name: bytes
    start: int
    end: int


def read_png(data: bytes) -> EssentialBlocks:
    """Keep the pixels of the first frame, and undamaged chunks on colours and orientation.

    Raises:
        ValueError: the file has too many chunks, or pixels in two places.
    """
    chunks = list(_chunks(data))
    canvas, frame = _frame_behind_pixels(data, chunks)
    blocks = [data[:8]]
    texts = set(PNG_WANTED_TEXT)
    colours = {PNG_PROFILE, *PNG_COLOURS}  # of each the first, before the pixels
    previous = b""
    after_pixels = False

    for name, start, end in chunks:
        if name == b"IDAT":
            if after_pixels:
                raise ValueError("pixels in two places")
            colours.clear()
        elif previous == b"IDAT":
            after_pixels = True
            blocks += frame

        if canvas and name in (b"IHDR", b"IDAT"):
            blocks += [_resized(data[start:end], canvas)] if name == b"IHDR" else []
        elif name in PNG_PIXELS or _has_orientation(data[start:end], texts):
            blocks.append(data[start:end])
        elif name in colours and _has_colours(data[start:end]):
            blocks.append(data[start:end])
            colours.remove(name)
        previous = name

    return EssentialBlocks(b"".join(blocks), canvas=canvas)


def _chunks(data: bytes) -> Iterator[Chunk]:
    """Yield the chunks up to the end of the picture.

    Decoders stop at a chunk without a proper name, and are content if they have the pixels.
    """
    end = 8
    for _ in range(MAX_BLOCKS):
        if end >= len(data):
            return
        start = end
        end = start + 12 + int.from_bytes(data[start : start + 4])
        name = data[start + 4 : start + 8]
        if not PNG_NAME.fullmatch(name):
            return
        yield Chunk(name, start, end)
        if name == b"IEND":
            return

    raise ValueError(f"more than {MAX_BLOCKS:,} chunks")


def _frame_behind_pixels(data: bytes, chunks: list[Chunk]) -> tuple[Canvas | None, list[bytes]]:
    """Return the canvas and pixels of a first frame that is not the image in IDAT.

    A damaged animation is a still picture, as for decoders that do not know animations.
    """
    before = [*takewhile(lambda chunk: chunk.name != b"IDAT", chunks)]
    animations = [data[chunk.start : chunk.end] for chunk in before if chunk.name == b"acTL"]
    behind = dropwhile(lambda chunk: chunk.name != b"fcTL", chunks)
    control = next(behind, None)
    if control is None or control in before or not _is_animation(animations):
        return None, []

    parts = [
        data[chunk.start : chunk.end]
        for chunk in takewhile(lambda chunk: chunk.name == b"fdAT", behind)
    ]
    canvas = _canvas(data[8 : chunks[0].end], data[control.start : control.end])
    if canvas is None or not parts or not _are_in_order(parts):
        return None, []

    return canvas, [_chunk(b"IDAT", part[12:-4]) for part in parts]


def _is_animation(controls: list[bytes]) -> bool:
    """Return whether exactly one sound chunk announces at least one frame."""
    if len(controls) != 1 or not _is_sound(controls[0]):
        return False
    return 0 < int.from_bytes(controls[0][8:12]) <= _MOST_FRAMES


def _are_in_order(parts: list[bytes]) -> bool:
    """Return whether the chunks of a first frame are sound, and numbered from 1."""
    numbers = [int.from_bytes(part[8:12]) for part in parts if _is_sound(part)]
    return numbers == list(range(1, len(parts) + 1))


def _canvas(header: bytes, control: bytes) -> Canvas | None:
    """Return the canvas of a first frame, unless its control chunk is damaged."""
    if header[4:8] != b"IHDR" or not _is_sound(control) or len(control) != 12 + _FRAME_BYTES:
        return None

    size = struct.unpack(">II", header[8:16])
    number, width, height, left, top = struct.unpack(">IIIII", control[8:28])
    right, bottom = left + width, top + height
    if number or not width or not height or right > size[0] or bottom > size[1]:
        return None

    return Canvas(size, (left, top), (left, top, right, bottom))


def _resized(header: bytes, canvas: Canvas) -> bytes:
    """Return the header of a PNG for the frame on a canvas."""
    left, top, right, bottom = canvas.box
    return _chunk(b"IHDR", struct.pack(">II", right - left, bottom - top) + header[16:-4])


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _is_sound(chunk: bytes) -> bool:
    """Return whether a chunk is complete and has the right checksum."""
    is_whole = len(chunk) == 12 + int.from_bytes(chunk[:4])
    return is_whole and zlib.crc32(chunk[4:-4]).to_bytes(4) == chunk[-4:]


def _has_orientation(chunk: bytes, texts: set[bytes]) -> bool:
    """Return whether an undamaged chunk may hold the orientation; of each text only the first."""
    name = chunk[4:8]
    wanted = name == PNG_ORIENTATION
    if name in PNG_TEXT:
        found = {beginning for beginning in texts if chunk[8:-4].startswith(beginning)}
        texts -= found
        wanted = bool(found)

    return wanted and len(chunk) <= MAX_PNG_ANCILLARY_BYTES and _is_sound(chunk)


def _has_colours(chunk: bytes) -> bool:
    """Return whether an undamaged chunk has a gamma, or a colour profile of a bearable size."""
    if not _is_sound(chunk):
        return False
    if chunk[4:8] != PNG_PROFILE:
        return len(chunk) == 12 + PNG_COLOURS[chunk[4:8]]

    _, _, packed = chunk[8:-4].partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], MAX_PNG_PROFILE_BYTES + 1)
    except zlib.error:
        return False
    return packed[:1] == b"\0" and len(profile) <= MAX_PNG_PROFILE_BYTES
