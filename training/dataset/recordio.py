"""Write RecordIO, the format that the algorithm reads fastest: a split in one file.

Sources of the format are dmlc-core's `recordio.h` for records and MXNet's `recordio.py`
(`IRHeader`) for images. All numbers are little-endian. A record is the magic number, 4 bytes with a
flag (3 bits) and a length (29 bits), the data, and zeros up to a multiple of 4. Data that contains
the magic number at a multiple of 4 is cut there, and that number is left out. The flag then marks
the piece as first, middle or last. The data of an image are 24 bytes (0, the label as a float, a
64-bit id, 0) and the image file.
"""

import re
import struct
from typing import BinaryIO

_MAGIC = struct.pack("<I", 0xCED7230A)
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)


def write_image(file: BinaryIO, number: int, label: int, image: bytes) -> None:
    """Append an image file with its class index."""
    _write_record(file, struct.pack("<IfQQ", 0, label, number, 0) + image)


def _write_record(file: BinaryIO, data: bytes) -> None:
    cuts = [
        found.start() for found in re.finditer(re.escape(_MAGIC), data) if found.start() % 4 == 0
    ]
    starts = [0, *(cut + 4 for cut in cuts)]
    ends = [*cuts, len(data)]
    flags = [_FIRST, *[_MIDDLE] * (len(cuts) - 1), _LAST] if cuts else [_WHOLE]
    for flag, start, end in zip(flags, starts, ends, strict=True):
        size = end - start
        file.write(
            _MAGIC + struct.pack("<I", flag << 29 | size) + data[start:end] + bytes(-size % 4)
        )
