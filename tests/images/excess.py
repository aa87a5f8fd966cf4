"""Make images with too many frames, pixels, blocks, metadata or passes, and the largest accepted.

No file has more than 25 MB, because the service does not read larger files.
"""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.images.formats import (
    bmp,
    encode,
    flat_png,
    gif_of_frames,
    gif_with,
    heic,
    jpeg_claiming,
    jpeg_repeating_its_last_scan,
    jpeg_segment,
    jpeg_with,
    noise,
    picture,
    png_chunk,
    png_of_compressed,
    png_with,
    riff_chunk,
    scene,
    webp_extended,
    zeros,
)
from tests.images.profiles import TURNED, many_inks, png_profile

FILE = 24_900_000  # bytes
PHOTO = "photo of 12 megapixels"
HEIC_PHOTO = "HEIC photo of 12 megapixels"
Images = Iterator[tuple[str, bytes]]


def excess() -> Images:
    """Yield name and bytes of every image. Together they have a gigabyte."""
    yield from animations()
    yield from bombs()
    yield from passes()
    yield from png_floods()
    yield from jpeg_floods()
    yield from other_floods()
    yield from profiles()
    yield from hidden_images()


def repeated(block: bytes) -> bytes:
    """Repeat a block up to the size limit of a file."""
    return block * (FILE // len(block))


def animations() -> Images:
    """Yield images of very many frames, of which only the first counts."""
    yield "gif of 10,000 frames", gif_of_frames(10_000)
    rectangle = struct.pack(
        ">IIIIHHBB", 64, 48, 0, 0, 1, 1, 1, 1
    )  # cleared before the next frame, and blended with it
    first = png_with(
        png_chunk(b"acTL", struct.pack(">II", 10_001, 0))
        + png_chunk(b"fcTL", struct.pack(">I", 0) + rectangle)
    )
    pixels = zlib.compress(bytes(48 * 193))
    frames = [
        png_chunk(b"fcTL", struct.pack(">I", number) + rectangle)
        + png_chunk(b"fdAT", struct.pack(">I", number + 1) + pixels)
        for number in range(1, 20_001, 2)
    ]
    yield "png of 10,001 frames", first[:-12] + b"".join(frames) + first[-12:]
    canvas = riff_chunk(b"ANIM", bytes(6))
    place = bytes(6) + b"\x3f\0\0\x2f\0\0" + bytes(4)
    frames = [riff_chunk(b"ANMF", place + picture("WEBP")[12:])] * 10_000
    yield "webp of 10,000 frames", webp_extended(64, 48, 2, canvas, *frames)


def bombs() -> Images:
    """Yield few bytes that expand to many."""
    yield (
        "png whose pixels go on for 100 MB",
        png_of_compressed(zeros(100_000_000), (64, 48, 8, 2, 0)),
    )
    for name, body in {
        "zTXt": b"a\0\0" + zeros(100_000_000),
        "iTXt": b"a\0\1\0\0\0" + zeros(100_000_000),
        "iCCP": b"a\0\0" + zeros(100_000_000),
    }.items():
        yield f"png with 100 MB of {name}", png_with(png_chunk(name.encode(), body))
    wide = zlib.compress(
        b"a" * 1_000_000 + "\N{GRINNING FACE}".encode()
    )  # one such character makes all take 4 bytes
    texts = [png_chunk(b"iTXt", b"%d\0\1\0\0\0" % number + wide) for number in range(60)]
    yield "png with 60 texts of 4 MB", png_with(b"".join(texts))
    yield "bmp in runs of 25 megapixels", bmp(5_000, 5_000, 4, 2, b"\xff\x05" * 100_000)
    yield "bmp in runs of 4 megapixels", bmp(2_000, 2_000, 4, 2, b"\xff\x05" * 16_000 + b"\0\1")


def passes() -> Images:
    """Yield progressive JPEGs with very many scans."""
    for times in (60, 5_000):
        data = jpeg_claiming(5_000, 5_000, progressive=True)
        yield f"jpeg of {times} more scans", jpeg_repeating_its_last_scan(data, times)


def png_floods() -> Images:
    """Yield PNGs of 64 x 48 pixels with endless blocks."""
    for name, body in {"prVt": b"", "tEXt": b"a\0b", "IDAT": b""}.items():
        yield f"png with {name} without end", png_with(repeated(png_chunk(name.encode(), body)))
    after = picture("PNG")[:-12] + repeated(png_chunk(b"IDAT", b""))
    yield "png with IDAT without end behind its pixels", after
    yield (
        "png with one text of 25 MB",
        png_with(png_chunk(b"iTXt", b"a\0\0\0\0\0" + b"a" * FILE + "\u20ac".encode())),
    )
    yield "png with exif of 25 MB", png_with(png_chunk(b"eXIf", wide_exif()))


def wide_exif() -> bytes:
    """Return 20,000 entries, the first of 24 MB."""
    entries = [
        struct.pack("<HHII", tag, 2, 24_000_000 if tag == 0 else 5, 10) for tag in range(20_000)
    ]
    return (
        b"II*\0\x08\0\0\0"
        + struct.pack("<H", len(entries))
        + b"".join(entries)
        + bytes(FILE - 20_000 * 12)
    )


def jpeg_floods() -> Images:
    """Yield JPEGs of 64 x 48 pixels with endless blocks."""
    resources = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\0\0\0\0" * 5_000
    for name, marker, body in (
        ("empty segments", 0xE5, b""),
        ("photoshop resources", 0xED, resources),
        ("long exif", 0xE1, b"Exif\0\0" + bytes(60_000)),
        ("quantization tables", 0xDB, b"\0" + b"\1" * 64),
    ):
        yield f"jpeg with {name} without end", jpeg_with(repeated(jpeg_segment(marker, body)))
    for name, junk in (
        ("fill bytes", b"\xff"),
        ("escaped bytes", b"\xff\0"),
        ("restart markers", b"\xff\xd0"),
    ):
        yield f"jpeg with {name} without end", jpeg_with(jpeg_segment(0xFE, b"") + repeated(junk))


def profiles() -> Images:
    """Yield colour profiles of the largest size, beyond it, and in very many segments."""
    photo = scene(768, 256).convert("CMYK")
    for side in (31, 33):
        yield f"jpeg with {side**4:,} colours", encode(photo, "JPEG", icc_profile=many_inks(side))
    yield (
        "webp with a profile of 20 MB",
        webp_extended(
            64, 48, 32, riff_chunk(b"ICCP", TURNED + bytes(20_000_000)), picture("WEBP")[12:]
        ),
    )
    part = jpeg_segment(0xE2, b"ICC_PROFILE\0\1\xff" + bytes(60_000))
    yield "jpeg with profiles without end", jpeg_with(repeated(part))
    many = png_chunk(b"iCCP", png_profile(bytes(999_000)))
    yield "png with profiles without end", png_with(many * 10_000)


def other_floods() -> Images:
    """Yield GIF and WebP images with endless blocks, and BMPs with endless runs."""
    long_block = b"\xff" + b"a" * 255
    for name, blocks in (
        ("a comment", b"!\xfe" + repeated(long_block) + b"\0"),
        ("long comments", repeated(b"!\xfe" + b"\x01a" * 1_000 + b"\0")),
        ("frame delays", repeated(b"!\xf9\x04\0\0\0\0\0")),
        ("nothing", repeated(b"\0")),
    ):
        yield f"gif with {name} without end", gif_with(blocks)
    chunks = (picture("WEBP")[12:], repeated(riff_chunk(b"XXXX", b"")))
    yield "webp with chunks without end", webp_extended(64, 48, 8, *chunks)
    yield (
        "webp with exif of 25 MB",
        webp_extended(64, 48, 8, picture("WEBP")[12:], riff_chunk(b"EXIF", wide_exif())),
    )
    for name, run in (("pixels", b"\1\5"), ("jumps", b"\0\2\0\0")):
        yield f"bmp with {name} without end", bmp(2_000, 2_000, 8, 1, repeated(run))


def largest() -> Images:
    """Yield the largest accepted images of each format, some with the largest accepted ballast."""
    ballast = (b"prVt", bytes(FILE - 1_000_000))
    yield "RGBA PNG with ballast", flat_png(5_000, 5_000, 8, 6, ballast)
    yield "interlaced RGBA PNG of 16 bits", flat_png(5_000, 5_000, 16, 6, interlaced=True)
    yield (
        "palette PNG with transparency",
        flat_png(5_000, 5_000, 8, 3, (b"PLTE", bytes(768)), (b"tRNS", bytes(256))),
    )
    yield "sequential JPEG", jpeg_claiming(10_000, 10_000)
    yield PHOTO, encode(noise(400, 300).resize((4_000, 3_000)), "JPEG", quality=90)
    # Coefficients of two bytes a component and two copies of the file.
    yield "progressive JPEG", jpeg_claiming(10_000, 10_000, progressive=True)
    yield (
        "progressive JPEG with ballast",
        jpeg_claiming(10_000, 10_000, progressive=True) + bytes(FILE),
    )
    yield "progressive CMYK JPEG", jpeg_claiming(9_600, 9_600, "CMYK", progressive=True)
    grey = Image.new("L", (5_000, 5_000))
    yield "GIF with transparency", encode(grey, "GIF", transparency=0, disposal=2)
    yield "BMP of 8 bits", encode(grey.crop((0, 0, 4_980, 5_000)), "BMP")
    yield "BMP of 32 bits", encode(Image.new("RGBA", (2_495, 2_495)), "BMP")
    one, other = (
        Image.new("RGBA", (6_300, 6_300), colour) for colour in ((255, 0, 0, 99), (0, 0, 255, 9))
    )
    yield "lossy RGBA WebP", encode(one, "WEBP", method=0)
    yield "lossless RGBA WebP", encode(one, "WEBP", lossless=True, quality=0, method=0)
    yield "animated WebP", encode(one, "WEBP", method=0, save_all=True, append_images=[other])
    yield "HEIC", heic("50-megapixels")
    yield HEIC_PHOTO, heic("12-megapixels")
    yield "AVIF", encode(Image.new("RGB", (8_000, 6_250)), "AVIF", speed=10, subsampling="4:4:4")
    transparent = one.crop((0, 0, 6_200, 6_000))
    yield "RGBA AVIF", encode(transparent, "AVIF", speed=10, subsampling="4:4:4")
    small = picture("AVIF")
    size = small.index(b"ispe") + 8  # libavif scales the picture to the size that its box claims
    yield "AVIF of 4 kB", small[:size] + struct.pack(">II", 8_192, 6_000) + small[size + 8 :]


def hidden_images() -> Images:
    """Yield HEIC files whose boxes announce a smaller picture than they have."""
    for name in ("50-megapixels", "transparent-50-megapixels"):
        data = heic(name)
        size = data.index(b"ispe") + 8
        for side in (16, 64, 512):
            claimed = data[:size] + struct.pack(">II", side, side) + data[size + 8 :]
            yield f"heic of {name} that claims {side} x {side}", claimed
