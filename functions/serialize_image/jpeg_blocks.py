"""Drop the metadata of a JPEG that decoding does not need, and count its scans."""

import re
from collections.abc import Iterator

from functions.serialize_image.essential_blocks import MAX_BLOCKS, EssentialBlocks

# The marker of a segment. Bytes and restart markers between segments are skipped, as decoders do.
JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
JPEG_START = 0xD8  # has no contents; decoders disagree on it within a picture
JPEG_TEMPORARY = 0x01  # the same
JPEG_START_OF_SCAN = 0xDA
# With the upper byte of its length, which pixels and a video behind them hardly ever contain.
SCAN = b"\xff\xda\x00"
JPEG_APP2 = 0xE2
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # those three are tables
JPEG_SEQUENTIAL = frozenset({0xC0, 0xC1, 0xC9})
JPEG_METADATA = frozenset({0xFE, *range(0xE0, 0xF0)})  # comment, APP0 to APP15
# Colour space and orientation. Decoders use the last segment with colours, and join the segments
# with the orientation.
JPEG_WANTED = (b"JFIF\0", b"Adobe", b"Exif\0\0")
JPEG_PROFILE = b"ICC_PROFILE\0"  # in segments of 64 kB
MAX_JPEG_PROFILE = 64  # segments; a larger profile does not count
MAX_JPEG_WANTED = 16  # segments of each kind: 1 MB of EXIF; cameras write one


def read_jpeg(data: bytes) -> EssentialBlocks:
    """Keep the pixels and the segments on colours and orientation.

    Raises:
        ValueError: the file has too many segments, contradictory segments, or no pixels.
    """
    blocks = [data[:2]]
    left = dict.fromkeys(JPEG_WANTED, MAX_JPEG_WANTED)
    profile: list[int] = []  # its places among the blocks
    frame = b""
    in_one_pass = False

    for code, start, end in _jpeg_segments(data):
        if code == JPEG_START_OF_SCAN and frame:
            # In one pass, the first scan has all components.
            in_one_pass = in_one_pass and data[start] == frame[5]
            scans = data.count(SCAN, start)
            coefficients = 0 if in_one_pass else _coefficient_bytes(frame)
            if len(profile) > MAX_JPEG_PROFILE:
                blocks = [block for at, block in enumerate(blocks) if at not in profile]
            return EssentialBlocks(b"".join([*blocks, data[start - 4 :]]), 1 + scans, coefficients)

        if code in JPEG_FRAMES:
            frame = data[start:end]
            in_one_pass = code in JPEG_SEQUENTIAL
        if code == JPEG_APP2 and data.startswith(JPEG_PROFILE, start):
            profile.append(len(blocks))
            blocks.append(data[start - 4 : end])
        elif code not in JPEG_METADATA or _is_wanted(data, start, left):
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
