"""The parts of a file that decoding needs."""

from dataclasses import dataclass

MAX_BLOCKS = 20_000  # 25 MB are 400 JPEG segments or, at the 8 kB of libpng, 3,000 PNG chunks


@dataclass(frozen=True)
class Canvas:
    """The area of a picture in pixels, and the box of it that the file's pixels fill.

    `origin` is the place of the decoded image's first pixel on the canvas.
    """

    size: tuple[int, int]
    origin: tuple[int, int]
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class EssentialBlocks:
    """A file without metadata; for a JPEG also its number of scans and its decoding memory.

    An animation whose first frame is smaller than its canvas names the canvas.
    """

    data: bytes
    scans: int = 1
    coefficient_bytes: int = 0
    canvas: Canvas | None = None
