"""Damage valid images at random; the n-th of a seed always has the same bytes."""

import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from PIL import ExifTags, Image

from tests.images.formats import (
    FORMATS,
    HEIC_FILES,
    bmp,
    encode,
    gif_on_canvas,
    noise,
    picture,
    png_chunk,
    png_with,
    png_with_frame_behind,
    scene,
)
from tests.images.profiles import TURNED, plain_inks

SAMPLES = Path(__file__).parents[2] / "examples/photos"
# Offset and bytes of each format's signature.
FORMAT_SIGNATURES = (
    (0, b"\xff\xd8"),
    (0, b"\x89PNG"),
    (0, b"RIFF"),
    (0, b"GIF8"),
    (0, b"BM"),
    (4, b"ftyphei"),
    (4, b"ftypavif"),
)
SIGNATURE = 12  # bytes
LARGE = 10_000  # bytes of a HEIC file that takes long to decode
LENGTHS = (0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0xFF_FFFF, 0x7FFF_FFFF, 0xFFFF_FFFF)
# The approximate beginnings of blocks of a JPEG, PNG, WebP, HEIC or AVIF.
BLOCK = re.compile(
    rb"\xff[\xc0-\xfe]|....(?:IHDR|PLTE|tRNS|IDAT|IEND|eXIf|fcTL|fdAT|iCCP|gAMA)"
    rb"|VP8[ LX]|ALPH|ANMF|[,!]"
    rb"|....(?:ftyp|meta|iloc|iinf|infe|iprp|ipco|ipma|ispe|hvcC|av1C|irot|imir|colr|pixi|mdat)",
    re.DOTALL,
)


def mutations(seed: int, first: int, end: int) -> Iterator[tuple[str, bytes]]:
    """Make the damaged images of these numbers."""
    for number in range(first, end):
        yield str(number), mutation(seed, number)


def mutation(seed: int, number: int) -> bytes:
    """Damage one valid image in one to four ways; the formats alternate."""
    chance = random.Random(f"{seed} {number}")
    start, signature = FORMAT_SIGNATURES[number % len(FORMAT_SIGNATURES)]
    sound = [one for one in sound_images() if one.startswith(signature, start)]
    data = bytearray(chance.choice(sound))
    for _ in range(chance.choice((1, 1, 2, 4))):
        chance.choice(WAYS)(data, chance)
    # A decoder that verifies checksums would otherwise ignore a damaged chunk.
    return with_right_checksums(bytes(data)) if chance.random() < 0.8 else bytes(data)


@cache
def sound_images() -> list[bytes]:
    """Small images of every format and most modes, and some of the sample images."""
    image, exif = scene(64, 48), Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    frames = {"save_all": True, "append_images": [noise(64, 48), scene(64, 48).rotate(180)]}
    transparent = scene(64, 48)
    transparent.putalpha(image.getchannel("R"))
    return [
        *(encode(image, image_format) for image_format in FORMATS),
        *(encode(image, image_format, **frames) for image_format in ("GIF", "PNG", "WEBP")),
        *(encode(image.convert(mode), "PNG") for mode in ("1", "L", "P", "I;16")),
        *(encode(transparent, image_format, exif=exif) for image_format in ("PNG", "WEBP")),
        *(encode(image.convert(mode), "BMP") for mode in ("1", "L", "RGBA")),
        *(
            encode(image, "JPEG", progressive=progressive, exif=exif)
            for progressive in (False, True)
        ),
        *(encode(image.convert(mode), "JPEG", restart_marker_blocks=2) for mode in ("L", "CMYK")),
        encode(transparent, "WEBP", lossless=True),
        encode(transparent, "AVIF", exif=exif),
        *(
            data
            for path in sorted(HEIC_FILES.glob("*.heic"))
            if len(data := path.read_bytes()) < LARGE
        ),
        *(encode(image, name, icc_profile=TURNED) for name in ("JPEG", "PNG", "WEBP")),
        encode(image.convert("CMYK"), "JPEG", icc_profile=plain_inks()),
        png_with(png_chunk(b"gAMA", struct.pack(">I", 100_000))),
        png_with_frame_behind(picture("PNG"), noise(24, 40), (40, 8)),
        gif_on_canvas(scene(16, 16), (64, 48), (24, 16)),
        *(bmp(64, 48, bits, kind, b"\x20\x11\0\5abcdef" * 96) for bits, kind in ((8, 1), (4, 2))),
        encode(transparent.quantize(16), "PNG", transparency=bytes(range(16)), bits=4),
        encode(image.quantize(16), "GIF", transparency=3, interlace=True, comment=b"a"),
        *(path.read_bytes() for path in sorted(SAMPLES.glob("photos/*/*.jpg"))),
        *(path.read_bytes() for path in sorted(SAMPLES.glob("test/*/*-00?.webp"))),
    ]


def flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 2, 8))):
        data[place(data, chance)] ^= 1 << chance.randrange(8)


def set_bytes(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 4))):
        data[place(data, chance)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def set_length(data: bytearray, chance: random.Random) -> None:
    """Write a critical number at a possible length field."""
    form, value, at = (
        chance.choice((">H", "<H", ">I", "<I")),
        chance.choice(LENGTHS),
        place(data, chance),
    )
    size = struct.calcsize(form)
    data[at : at + size] = struct.pack(form, value & (1 << 8 * size) - 1)


def cut_off(data: bytearray, chance: random.Random) -> None:
    del data[place(data, chance) :]


def cut_out(data: bytearray, chance: random.Random) -> None:
    at = place(data, chance)
    del data[at : at + chance.choice((1, 2, 16, 1000))]


def put_in(data: bytearray, chance: random.Random) -> None:
    at = place(data, chance)
    data[at:at] = chance.choice(
        (bytes(4), b"\xff" * 4, chance.randbytes(chance.choice((1, 3, 100))))
    )


def splice(data: bytearray, chance: random.Random) -> None:
    """Continue with the rest of another image."""
    other = chance.choice(sound_images())
    data[place(data, chance) :] = other[chance.randrange(len(other)) :]


def move_blocks(data: bytearray, chance: random.Random) -> None:
    """Repeat, drop or exchange the bytes between two blocks."""
    starts = [found.start() for found in BLOCK.finditer(data)]
    if len(starts) < 4:
        return
    one, two, three = sorted(chance.sample(starts, 3))
    data[one:three] = chance.choice(
        (
            data[two:three] + data[one:two],
            data[one:three] * 2,
            data[two:three],
            data[one:two] * 9 + data[two:three],
        )
    )


WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flip_bits,
    set_bytes,
    set_length,
    cut_off,
    cut_out,
    put_in,
    splice,
    move_blocks,
)


def place(data: bytearray, chance: random.Random) -> int:
    """Return an offset, often in the header, seldom in the first bytes, which name the format."""
    start = 0 if chance.random() < 0.05 else SIGNATURE
    if len(data) <= start:
        data.extend(bytes(start + 1 - len(data)))
    return chance.randrange(start, min(len(data), chance.choice((64, 512, len(data), len(data)))))


def with_right_checksums(data: bytes) -> bytes:
    """Repair the checksums of a PNG's chunks as far as the lengths lead; leave other formats."""
    if not data.startswith(b"\x89PNG"):
        return data
    parts, at = [data[:8]], 8
    while at + 12 <= len(data) and at + 12 + (length := int.from_bytes(data[at : at + 4])) <= len(
        data
    ):
        chunk = data[at + 4 : at + 8 + length]
        parts.append(data[at : at + 8 + length] + struct.pack(">I", zlib.crc32(chunk)))
        at += 12 + length
    return b"".join([*parts, data[at:]])
