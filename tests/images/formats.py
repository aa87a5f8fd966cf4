"""Build image files block by block, as no encoder would write them."""

import random
import struct
import zlib
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")  # those that Pillow writes
ALL_FORMATS = (*FORMATS, "HEIC")
HEIC_FILES = Path(__file__).parent / "heic"
Chunk = tuple[bytes, bytes]


def encode(image: Image.Image, image_format: str, **options: Any) -> bytes:
    """Return the file that Pillow writes."""
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(0).randbytes(width * height * 3))


def scene(width: int, height: int) -> Image.Image:
    """Return a picture with a distinct top, left side and edges."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 3, height // 5), fill="red")
    draw.ellipse((width // 2, height // 2, width - 1, height - 1), fill="blue")
    return image


def heic(name: str) -> bytes:
    """Return a file that `tests.images.heic_files` wrote."""
    return (HEIC_FILES / f"{name}.heic").read_bytes()


@cache
def picture(image_format: str) -> bytes:
    """Return a small valid image, 64 x 48 pixels."""
    if image_format == "HEIC":
        return heic("scene")
    return encode(scene(64, 48), image_format)


# -------------------------------------------------------------------- PNG


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    width: int, height: int, bits: int, colour_type: int, rows: bytes = b"", *chunks: Chunk
) -> bytes:
    """Return a PNG of filtered rows, with more chunks before them."""
    return png_of_compressed(zlib.compress(rows), (width, height, bits, colour_type, 0), *chunks)


def png_of_compressed(
    pixels: bytes, header: tuple[int, int, int, int, int], *chunks: Chunk
) -> bytes:
    """Return a PNG of compressed rows.

    The header has width, height, bits, colour type and 1 for an interlaced image.
    """
    width, height, bits, colour_type, interlaced = header
    start = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, interlaced)
    parts = [(b"IHDR", start), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def png_with(chunks: bytes) -> bytes:
    """Return a small valid PNG with these bytes between its header and its pixels."""
    data = picture("PNG")
    return data[:33] + chunks + data[33:]


def png_with_frame_behind(
    data: bytes, frame: Image.Image, place: tuple[int, int] = (0, 0)
) -> bytes:
    """Return an animated PNG: its image in IDAT is not a frame, and the first frame follows it."""
    rectangle = struct.pack(">IIIIIHHBB", 0, *frame.size, *place, 1, 1, 0, 0)
    rows = b"".join(
        b"\0" + frame.crop((0, y, frame.width, y + 1)).tobytes() for y in range(frame.height)
    )
    pixels = zlib.compress(rows)
    middle = len(pixels) // 2
    parts = (
        png_chunk(b"fcTL", rectangle)
        + png_chunk(b"fdAT", struct.pack(">I", 1) + pixels[:middle])
        + png_chunk(b"fdAT", struct.pack(">I", 2) + pixels[middle:])
    )
    start = data[:33] + png_chunk(b"acTL", struct.pack(">II", 1, 0))
    return start + data[33:-12] + parts + data[-12:]


@cache
def zeros(size: int) -> bytes:
    """Return a number of zero bytes, compressed piece by piece."""
    compressor, block = zlib.compressobj(1), bytes(1_000_000)
    parts = [
        compressor.compress(block[: min(len(block), size - at)])
        for at in range(0, size, len(block))
    ]
    return b"".join([*parts, compressor.flush()])


def flat_png(
    width: int, height: int, bits: int, colour_type: int, *chunks: Chunk, interlaced: bool = False
) -> bytes:
    """Return a PNG of any size whose pixels are 0."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    # Seven passes of an interlaced image have less than two filter bytes a row, and at most a byte
    # more of odd bits.
    rows = height * (width * bits * channels + 7) // 8 + (16 if interlaced else 1) * height
    return png_of_compressed(
        zeros(rows), (width, height, bits, colour_type, int(interlaced)), *chunks
    )


# ------------------------------------------------------------------- JPEG


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_with(segments: bytes, data: bytes | None = None) -> bytes:
    """Return a small valid JPEG, or this one, with these bytes after its first marker."""
    data = picture("JPEG") if data is None else data
    return data[:2] + segments + data[2:]


def jpeg_claiming(width: int, height: int, mode: str = "RGB", **options: Any) -> bytes:
    """Return a JPEG whose header has a false size; libjpeg invents the missing pixels."""
    data = encode(scene(16, 16).convert(mode), "JPEG", subsampling=0, **options)
    frame = data.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0") + 5
    return data[:frame] + struct.pack(">HH", height, width) + data[frame + 4 :]


def jpeg_repeating_its_last_scan(data: bytes, times: int) -> bytes:
    last_scan, end = data.rindex(b"\xff\xda"), len(data) - 2
    return data[:end] + data[last_scan:end] * times + data[end:]


# ------------------------------------------------------- GIF, BMP and WebP


def gif_with(blocks: bytes) -> bytes:
    """Return a small valid GIF with these bytes before its first frame."""
    data = picture("GIF")
    frame = data.index(b",\0\0\0\0")
    return data[:frame] + blocks + data[frame:]


def gif_of_frames(count: int) -> bytes:
    """Return a GIF with a number of equal frames."""
    data = picture("GIF")
    frame = data.index(b",\0\0\0\0")
    return data[:frame] + (b"!\xf9\x04\x08\0\0\0\0" + data[frame:-1]) * count + b";"


def gif_on_canvas(image: Image.Image, size: tuple[int, int], place: tuple[int, int]) -> bytes:
    """Return a GIF whose only frame is this image, at a place of a larger canvas."""
    data = encode(image, "GIF")
    frame = data.index(b",\0\0\0\0")
    at = data[:frame] + b"," + struct.pack("<HH", *place) + data[frame + 5 :]
    return at[:6] + struct.pack("<HH", *size) + at[10:]


def bmp(width: int, height: int, bits: int, compression: int, pixels: bytes) -> bytes:
    """Return a BMP, up to 8 bits with a palette.

    Compression: 0 none, 1 run lengths of bytes, 2 of half bytes.
    """
    colours = 1 << bits if bits <= 8 else 0
    start = 54 + 4 * colours
    header = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(pixels), 0, 0, colours, 0
    )
    names = struct.pack("<2sIHHI", b"BM", (start + len(pixels)) & 0xFFFFFFFF, 0, 0, start)
    return names + header + b"\x01\x02\x03\x00" * colours + pixels


def riff_chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def webp(*chunks: bytes) -> bytes:
    body = b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def webp_extended(width: int, height: int, flags: int, *chunks: bytes) -> bytes:
    """Return a WebP with a canvas.

    Flags: 2 animation, 4 XMP, 8 EXIF, 16 transparency, 32 colour profile.
    """
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp(riff_chunk(b"VP8X", struct.pack("<I", flags) + size), *chunks)
