"""What a decoder gets to see of a file: no metadata but the orientation, and no more blocks than a sound image has.

Pillow reads metadata in Python, keeps all of it and joins some of it anew for every block. A picture of 64 x 48 pixels
behind 25 MB of tiny blocks took it 26 seconds and 1.1 GB (`tests/images/excess.py` builds such files).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice

MAX_BLOCKS = 20_000  # 25 MB are 400 JPEG segments or, at the 8 kB of libpng, 3,000 PNG chunks
MAX_READS = {"GIF": 20_000, "BMP": 250_000}  # two for a block, two for a run of pixels: at most 0.2 s

# The marker of a segment. What lies between two is skipped, as decoders do: bytes, and markers that stand alone.
JPEG_MARKER = re.compile(rb"\xff[\x02-\xcf\xd9-\xfe]")
JPEG_START_OF_SCAN = 0xDA
SCAN = b"\xff\xda\x00"  # with the upper byte of its length; the pixels and a video behind them hardly ever hold this
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those three are tables
JPEG_SEQUENTIAL = frozenset({0xC0, 0xC1, 0xC9})
JPEG_METADATA = frozenset({0xFE, *range(0xE0, 0xF0)})  # comment, APP0 to APP15
JPEG_KEPT = (b"JFIF\0", b"Adobe", b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0")  # two on colours, two on orientation

PNG_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
PNG_KEPT = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0")  # texts that may name the orientation
MAX_PNG_TEXT_BYTES = 1_000_000


class BoundedStream(BytesIO):
    """The bytes of a file, which may not be read in too many pieces: then `read` raises ValueError."""

    def __init__(self, data: bytes, image_format: str) -> None:
        super().__init__(data)
        self._left = MAX_READS.get(image_format, 4 * MAX_BLOCKS)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most so many bytes."""
        self._left -= 1
        if self._left < 0:
            raise ValueError("the file is in too many pieces")
        return super().read(size)


@dataclass(frozen=True)
class EssentialBlocks:
    """A file without its metadata and, of a JPEG, how often a decoder goes over the pixels and the bytes it holds."""

    data: bytes
    scans: int = 1
    coefficient_bytes: int = 0


def essential_blocks(data: bytes, image_format: str) -> EssentialBlocks:
    """Drop the metadata of a JPEG or PNG. Raises ValueError if it has too many blocks, or no pixels after them."""
    if image_format == "JPEG":
        return _read_jpeg(data)
    return EssentialBlocks(_png_without_text(data) if image_format == "PNG" else data)


def _read_jpeg(data: bytes) -> EssentialBlocks:
    kept, frame, in_one_pass, wanted = [data[:2]], b"", False, set(JPEG_KEPT)
    for code, start, end in islice(_jpeg_segments(data), MAX_BLOCKS):
        if code == JPEG_START_OF_SCAN and frame:
            in_one_pass = in_one_pass and data[start] == frame[5]  # all components in the first scan
            scans = data.count(SCAN, start)
            coefficients = 0 if in_one_pass else _coefficient_bytes(frame)
            return EssentialBlocks(b"".join([*kept, data[start - 4 :]]), 1 + scans, coefficients)
        if code in JPEG_FRAMES:
            frame, in_one_pass = data[start:end], code in JPEG_SEQUENTIAL
        if code not in JPEG_METADATA or _take(wanted, data, start):
            kept.append(data[start - 4 : end])
    raise ValueError(f"no pixels after {MAX_BLOCKS:,} segments or fewer")


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the contents of every segment."""
    end = 2
    while found := JPEG_MARKER.search(data, end):
        start = found.end() + 2
        end = found.end() + int.from_bytes(data[found.end() : start])
        yield found[0][1], start, end


def _coefficient_bytes(frame: bytes) -> int:
    """What libjpeg holds of a JPEG in several scans: all coefficients of all components, two bytes each."""
    height, width, sampling = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5]), frame[7::3]
    across, down = max(factor >> 4 for factor in sampling), max(factor & 15 for factor in sampling)
    return 2 * width * height * sum((factor >> 4) * (factor & 15) for factor in sampling) // (across * down)


def _png_without_text(data: bytes) -> bytes:
    kept, at, wanted = [data[:8]], 8, set(PNG_KEPT)
    for _ in range(MAX_BLOCKS):
        length, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + length
        if name not in PNG_TEXT or (length <= MAX_PNG_TEXT_BYTES and _take(wanted, data, at + 8)):
            kept.append(data[at:end])
        if name == b"IEND" or end >= len(data):
            return b"".join(kept)
        at = end
    raise ValueError(f"more than {MAX_BLOCKS:,} chunks")


def _take(wanted: set[bytes], data: bytes, start: int) -> bool:
    """Whether a wanted beginning is there; then it is no longer wanted, for Pillow would join all that follow."""
    found = {beginning for beginning in wanted if data.startswith(beginning, start)}
    wanted -= found
    return bool(found)
