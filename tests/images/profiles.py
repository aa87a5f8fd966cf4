"""Build colour profiles byte by byte (ICC.1:2022)."""

import random
import struct
import zlib
from collections.abc import Sequence
from itertools import product

Colour = tuple[float, float, float]

# The colours of light of sRGB and Display P3, for the white D50 of a profile.
RED: Colour = (0.43607, 0.22249, 0.01392)
GREEN: Colour = (0.38515, 0.71687, 0.09708)
BLUE: Colour = (0.14307, 0.06061, 0.71410)
P3_RED: Colour = (0.51512, 0.24120, -0.00105)
P3_GREEN: Colour = (0.29198, 0.69225, 0.04189)
P3_BLUE: Colour = (0.15710, 0.06657, 0.78407)
WHITE: Colour = (0.9642, 1.0, 0.8249)
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile(space: bytes, connection: bytes, kind: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return a profile of version 4 with these tags."""
    start = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(tag))
        body += tag + bytes(-len(tag) % 4)
    header = struct.pack(">II", 0, 0x04400000) + kind + space + connection + bytes(12) + b"acsp"
    header = header.ljust(68, b"\0") + _fixed(WHITE)
    whole = struct.pack(">I", start + len(body)) + b"\0\0\0\0" + header[4:]
    return whole.ljust(128, b"\0") + table + body


def screen(red: Colour, green: Colour, blue: Colour, *curve: float) -> bytes:
    """Return a profile of a screen: the colour of each channel, and the curve of its levels."""
    levels = _curve(*(curve or SRGB_CURVE))
    colours = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue, b"wtpt": WHITE}
    return profile(
        b"RGB ",
        b"XYZ ",
        b"mntr",
        {name: b"XYZ \0\0\0\0" + _fixed(value) for name, value in colours.items()}
        | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), levels),
    )


def grey(gamma: float) -> bytes:
    """Return a profile of grey levels."""
    white = b"XYZ \0\0\0\0" + _fixed(WHITE)
    return profile(b"GRAY", b"XYZ ", b"mntr", {b"wtpt": white, b"kTRC": _curve(gamma)})


def inks(colours: Sequence[Sequence[int]], side: int = 2) -> bytes:
    """Return a profile of four inks: CIELAB bytes for `side` amounts of each ink."""
    identity = bytes(range(256))
    table = struct.pack(">4sIBBBx", b"mft1", 0, 4, 3, side) + _fixed((1, 0, 0, 0, 1, 0, 0, 0, 1))
    body = table + identity * 4 + b"".join(map(bytes, colours)) + identity * 3
    return profile(b"CMYK", b"Lab ", b"prtr", {b"A2B0": body})


def plain_inks() -> bytes:
    """Return inks whose black is green, and which else print white."""
    white, green = (255, 128, 128), (150, 60, 190)
    return inks([green if black else white for _, _, _, black in product((0, 1), repeat=4)])


def png_profile(data: bytes) -> bytes:
    """Return the contents of the chunk iCCP."""
    return b"a\0\0" + zlib.compress(data)


def many_inks(side: int) -> bytes:
    """Return inks with a table of side ** 4 random colours: 3 MB for 31."""
    colours = random.Random(0).randbytes(3 * side**4)
    return inks([(*colours[at : at + 3],) for at in range(0, len(colours), 3)], side)


def _curve(*values: float) -> bytes:
    kind = 0 if len(values) == 1 else 3
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(values)


def _fixed(values: Sequence[float]) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


# The numbers of red mean green, those of green blue, and those of blue red.
TURNED = screen(GREEN, BLUE, RED)
P3 = screen(P3_RED, P3_GREEN, P3_BLUE)
