"""Drop the metadata of a file except its orientation, and refuse files with too many blocks.

Pillow reads metadata in Python, keeps all of it, and joins some of it again for every block.
A picture of 64 x 48 pixels behind 25 MB of tiny blocks took it 26 seconds and 1.1 GB
(`tests/images/excess.py` builds such files).
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

MAX_BLOCKS = 20_000  # 25 MB are 400 JPEG segments or, at the 8 kB of libpng, 3,000 PNG chunks
# Two reads for a block, two for a run of pixels: at most 0.2 s.
MAX_READS = {"GIF": 20_000, "BMP": 250_000}

# The marker of a segment. Bytes and restart markers between segments are skipped, as decoders do.
JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
JPEG_START = 0xD8  # has no contents; decoders disagree on it within a picture
JPEG_TEMPORARY = 0x01  # the same
JPEG_START_OF_SCAN = 0xDA
# With the upper byte of its length, which pixels and a video behind them hardly ever contain.
SCAN = b"\xff\xda\x00"
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those three are tables
JPEG_SEQUENTIAL = frozenset({0xC0, 0xC1, 0xC9})
JPEG_METADATA = frozenset({0xFE, *range(0xE0, 0xF0)})  # comment, APP0 to APP15
# Colour space and orientation. Decoders use the last segment with colours, and join the segments
# with the orientation.
JPEG_WANTED = (b"JFIF\0", b"Adobe", b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0")
MAX_JPEG_WANTED = 16  # segments of each kind: 1 MB of EXIF; cameras write one

PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
PNG_ORIENTATION = b"eXIf"
PNG_TEXT = frozenset({b"zTXt", b"tEXt", b"iTXt"})
PNG_WANTED_TEXT = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0")  # may name the orientation
PNG_NAME = re.compile(rb"[A-Za-z]{4}")
MAX_PNG_ANCILLARY_BYTES = 1_000_000  # of a chunk that decoding needs beside the pixels


class BoundedStream(BytesIO):
    """The bytes of a file, with a limit on the number of reads."""

    def __init__(self, data: bytes, image_format: str) -> None:
        super().__init__(data)
        self._left = MAX_READS.get(image_format, 4 * MAX_BLOCKS)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most `size` bytes.

        Raises:
            ValueError: the file is read in too many pieces.
        """
        self._left -= 1
        if self._left < 0:
            raise ValueError("the file is in too many pieces")

        return super().read(size)


@dataclass(frozen=True)
class EssentialBlocks:
    """A file without metadata; for a JPEG also its number of scans and its decoding memory."""

    data: bytes
    scans: int = 1
    coefficient_bytes: int = 0


def essential_blocks(data: bytes, image_format: str) -> EssentialBlocks:
    """Drop the metadata of a JPEG or PNG.

    Raises:
        ValueError: the file has too many blocks, or no pixels after them.
    """
    if image_format == "JPEG":
        return _read_jpeg(data)
    return EssentialBlocks(_png_pixels(data) if image_format == "PNG" else data)


def _read_jpeg(data: bytes) -> EssentialBlocks:
    blocks = [data[:2]]
    left = dict.fromkeys(JPEG_WANTED, MAX_JPEG_WANTED)
    frame = b""
    in_one_pass = False

    for code, start, end in _jpeg_segments(data):
        if code == JPEG_START_OF_SCAN and frame:
            # In one pass, the first scan has all components.
            in_one_pass = in_one_pass and data[start] == frame[5]
            scans = data.count(SCAN, start)
            coefficients = 0 if in_one_pass else _coefficient_bytes(frame)
            return EssentialBlocks(b"".join([*blocks, data[start - 4 :]]), 1 + scans, coefficients)

        if code in JPEG_FRAMES:
            frame = data[start:end]
            in_one_pass = code in JPEG_SEQUENTIAL
        if code not in JPEG_METADATA or _is_wanted(data, start, left):
            blocks.append(data[start - 4 : end])

    raise ValueError("no pixels")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the marker of every segment, and the start and end of its contents.

    Raises:
        ValueError: decoders would disagree on the rest: a picture begins within the picture,
            a marker is for temporary use, or a segment is shorter than its own length.
    """
    end = 2
    for _ in range(MAX_BLOCKS):
        found = JPEG_MARKER.search(data, end)
        if not found:
            return
        if found[0][1] in (JPEG_START, JPEG_TEMPORARY):
            raise ValueError(f"a marker {found[0][1]:X} within the picture")
        start = found.end() + 2
        length = int.from_bytes(data[found.end() : start])
        if length < 2:
            raise ValueError(f"a segment of length {length}")
        end = found.end() + length
        yield found[0][1], start, end

    raise ValueError(f"more than {MAX_BLOCKS:,} segments")


def _is_wanted(data: bytes, start: int, left: dict[bytes, int]) -> bool:
    """Return whether the contents begin as a wanted block; count it in `left`.

    Raises:
        ValueError: there are too many such blocks.
    """
    for beginning in left:
        if data.startswith(beginning, start):
            left[beginning] -= 1
            if left[beginning] < 0:
                raise ValueError(f"too many segments of {beginning!r}")
            return True

    return False


def _coefficient_bytes(frame: bytes) -> int:
    """Return the memory of libjpeg for a JPEG in several scans: two bytes per coefficient."""
    height = int.from_bytes(frame[1:3])
    width = int.from_bytes(frame[3:5])
    sampling = frame[7::3]
    across = max(factor >> 4 for factor in sampling)
    down = max(factor & 15 for factor in sampling)
    blocks = sum((factor >> 4) * (factor & 15) for factor in sampling)
    return 2 * width * height * blocks // (across * down)


def _png_pixels(data: bytes) -> bytes:
    """Keep the chunks with pixels, and an undamaged chunk with the orientation."""
    blocks = [data[:8]]
    texts = set(PNG_WANTED_TEXT)
    previous = b""
    after_pixels = False

    for name, start, end in _png_chunks(data):
        if name == b"IDAT":
            if after_pixels:
                raise ValueError("pixels in two places")
        elif previous == b"IDAT":
            after_pixels = True

        if name in PNG_PIXELS or _has_orientation(data[start:end], texts):
            blocks.append(data[start:end])
        # Decoders stop at a chunk without a proper name, and are content if they have the pixels.
        if name == b"IEND" or not PNG_NAME.fullmatch(name):
            break
        previous = name

    return b"".join(blocks)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of every chunk, including its length and checksum."""
    end = 8
    for _ in range(MAX_BLOCKS):
        if end >= len(data):
            return
        start = end
        end = start + 12 + int.from_bytes(data[start : start + 4])
        yield data[start + 4 : start + 8], start, end

    raise ValueError(f"more than {MAX_BLOCKS:,} chunks")


def _has_orientation(chunk: bytes, texts: set[bytes]) -> bool:
    """Return whether an undamaged chunk may hold the orientation; of each text only the first."""
    name = chunk[4:8]
    body = chunk[8:-4]
    wanted = name == PNG_ORIENTATION
    if name in PNG_TEXT:
        found = {beginning for beginning in texts if body.startswith(beginning)}
        texts -= found
        wanted = bool(found)

    if not wanted or len(chunk) > MAX_PNG_ANCILLARY_BYTES:
        return False

    is_whole = len(body) == int.from_bytes(chunk[:4])
    return is_whole and zlib.crc32(chunk[4:-4]).to_bytes(4) == chunk[-4:]
