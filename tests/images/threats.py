"""Make images with false, missing or contradictory parts; `excess` makes oversized ones."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.images.formats import (
    ALL_FORMATS,
    FORMATS,
    bmp,
    encode,
    flat_png,
    gif_with,
    heic,
    jpeg_claiming,
    jpeg_segment,
    jpeg_with,
    noise,
    picture,
    png,
    png_chunk,
    png_of_compressed,
    png_with,
    riff_chunk,
    scene,
    webp,
    webp_extended,
)
from tests.images.profiles import TURNED, grey, plain_inks, png_profile

Images = Iterator[tuple[str, bytes]]


def threats() -> Images:
    """Yield name and bytes of every threat."""
    yield from claims()
    yield from disguises()
    yield from truncations()
    yield from odd_modes()
    yield from odd_sizes()
    yield from damaged_metadata()
    yield from damaged_profiles()
    yield from lying_boxes()
    yield from desynchronized()


def claims() -> Images:
    """Yield headers that announce far too many pixels, or none."""
    for width, height in (
        (0, 0),
        (0, 9),
        (5001, 5000),
        (10_000, 9_000),
        (65_500, 65_500),
        (2**31 - 1, 2**31 - 1),
    ):
        yield f"png of {width} x {height}", png(width, height, 8, 2)
        yield (
            f"interlaced png of {width} x {height}",
            png_of_compressed(b"", (width, height, 16, 6, 1)),
        )
        yield f"bmp of {width} x {height}", bmp(width, height, 24, 0, bytes(1000))
        yield f"bmp upside down of {width} x {height}", bmp(width, -height, 24, 0, bytes(1000))
        yield f"bmp in runs of {width} x {height}", bmp(width, height, 8, 1, bytes(1000))
        side = struct.pack("<HH", min(width, 65_535), min(height, 65_535))
        yield f"gif of {width} x {height}", picture("GIF")[:6] + side + picture("GIF")[10:]
        yield (
            f"gif frame of {width} x {height}",
            picture("GIF").replace(b",\0\0\0\0\x40\0\x30\0", b",\0\0\0\0" + side),
        )
        yield (
            f"webp of {width} x {height}",
            webp_extended(min(max(width, 1), 2**24), min(max(height, 1), 2**24), 2),
        )
    for width, height in ((0, 0), (64, 0), (65_535, 65_535), (10_001, 10_000)):
        for progressive in (False, True):
            data = jpeg_claiming(width, height, progressive=progressive)
            yield f"jpeg of {width} x {height}, progressive {progressive}", data
    yield (
        "lossless webp of 16384 x 16384",
        webp(riff_chunk(b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(50))),
    )
    yield (
        "lossy webp of 16383 x 16383",
        webp(riff_chunk(b"VP8 ", b"\x30\1\0\x9d\1\x2a\xff\x3f\xff\x3f" + bytes(50))),
    )


def disguises() -> Images:
    """Yield files of another format, and files of two formats at once."""
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/tmp/harm) (w) file\nshowpage\n"
    page = b"<script>alert(1)</script><?php system('id'); ?>"
    yield "nothing", b""
    for name, data in {
        "eps": script,
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "pdf": b"%PDF-1.7\n1 0 obj\n",
        "html": b"<!doctype html>" + page,
        "zip": b"PK\3\4" + bytes(40),
        "program": b"\x7fELF\2\1\1" + bytes(40),
        "tiff": encode(scene(8, 8), "TIFF"),
        "ico": encode(scene(16, 16), "ICO"),
        "ppm": encode(scene(8, 8), "PPM"),
        "heic without boxes": b"\0\0\0\x24ftypheic\0\0\0\0mif1heic",
        "avif without boxes": b"\0\0\0\x20ftypavif\0\0\0\0avifmif1",
        "wave": b"RIFF\x24\0\0\0WAVEfmt " + bytes(30),
        "one byte": b"\xff",
        "spaces": b" " * 1000,
    }.items():
        yield f"{name} alone", data
        for image_format in ALL_FORMATS:
            yield f"{name} behind {image_format}", picture(image_format) + data
            yield (
                f"{name} behind the first bytes of {image_format}",
                picture(image_format)[:12] + data,
            )
    for one in ALL_FORMATS:
        for other in ALL_FORMATS:
            yield f"{one} header before {other}", picture(one)[:12] + picture(other)
    yield "gif that is a script", b"GIF89a=1/*" + picture("GIF")[10:] + b"*/;alert(1)"
    yield "jpeg with an eps as comment", jpeg_with(jpeg_segment(0xFE, script))
    yield "jpeg with a page as comment", jpeg_with(jpeg_segment(0xFE, page))
    yield "png with a page as text", png_with(png_chunk(b"tEXt", b"Comment\0" + page))
    yield "bmp that is text", b"BM was here, and nothing else"


def truncations() -> Images:
    """Yield valid images, each cut off at 24 places."""
    image = scene(64, 48)
    frames = {"save_all": True, "append_images": [noise(64, 48)]}
    whole = {image_format: encode(noise(64, 48), image_format) for image_format in FORMATS} | {
        "progressive JPEG": encode(image, "JPEG", progressive=True),
        "CMYK JPEG": encode(image.convert("CMYK"), "JPEG"),
        "palette PNG": encode(image.quantize(16), "PNG", transparency=3),
        "lossless WEBP": encode(image.convert("RGBA"), "WEBP", lossless=True),
        "transparent WEBP": encode(image.convert("RGBA"), "WEBP"),
        **{f"animated {name}": encode(image, name, **frames) for name in ("PNG", "WEBP", "GIF")},
    }
    whole["HEIC"] = heic("two-images")
    for name, data in whole.items():
        for part in range(1, 25):
            yield f"{name}, {part}/25 of it", data[: len(data) * part // 25]


def odd_modes() -> Images:
    """Yield every mode of Pillow in every format, and sample formats of hand-written headers."""
    for mode in (
        "1",
        "L",
        "LA",
        "P",
        "PA",
        "RGB",
        "RGBA",
        "RGBX",
        "CMYK",
        "YCbCr",
        "LAB",
        "HSV",
        "I",
        "I;16",
        "F",
    ):
        image = (
            scene(64, 48).convert("L").convert(mode)
            if mode != "PA"
            else scene(64, 48).quantize(9).convert("PA")
        )
        for image_format in FORMATS:
            try:
                yield f"{mode} as {image_format}", encode(image, image_format)
            except (OSError, ValueError):
                continue  # the format lacks this mode
    for colour_type in range(8):
        for bits in (0, 1, 2, 4, 8, 16, 32):
            yield (
                f"png of type {colour_type} and {bits} bits",
                png(64, 48, bits, colour_type, bytes(64 * 48 * 9)),
            )
    for bits in (0, 1, 2, 4, 8, 15, 16, 24, 32, 64):
        for compression in range(7):
            yield (
                f"bmp of {bits} bits, compression {compression}",
                bmp(64, 48, bits, compression, bytes(64 * 48 * 4)),
            )
    yield (
        "png with a transparent level of 16 bits",
        png(1, 1, 16, 0, b"\0\xff\xff", (b"tRNS", b"\xff\xff")),
    )
    yield (
        "png with a transparent colour of 16 bits",
        png(1, 1, 16, 2, bytes(7), (b"tRNS", bytes(6))),
    )
    yield "png with a palette of nothing", png(9, 9, 8, 3, bytes(90))


def odd_sizes() -> Images:
    """Yield valid images of extreme shapes."""
    for width, height in ((1, 1), (1, 65_500), (65_500, 1), (2, 16_383), (257, 1)):
        for image_format in FORMATS:
            if max(width, height) <= {"WEBP": 16_383, "AVIF": 16_383}.get(image_format, 65_535):
                yield (
                    f"{image_format} of {width} x {height}",
                    encode(Image.new("RGB", (width, height)), image_format),
                )
    for width, height in ((25_000_000, 1), (1, 25_000_000), (65_536, 1)):
        yield f"png of {width} x {height}", png(width, height, 8, 6)
    yield "transparent png of 381 x 65535", flat_png(381, 65_535, 8, 6)


def damaged_metadata() -> Images:
    """Yield orientation, profiles and texts with a false length, offset or type."""
    entries = {
        "kind": b"".join(struct.pack("<HHII", 0x112, kind, 1, 6) for kind in range(14)),
        "count": struct.pack("<HHII", 0x112, 3, 2**32 - 1, 6),
        "offset": struct.pack("<HHII", 0x112, 3, 9, 2**32 - 1),
        "text": struct.pack("<HHI4s", 0x112, 2, 4, b"6\0\0\0"),
        "fraction by zero": struct.pack("<HHII", 0x112, 5, 1, 60) + bytes(60),
        "itself": struct.pack("<HHII", 0x8769, 4, 1, 8),
        "nine": struct.pack("<HHII", 0x112, 3, 1, 9),
    }
    for name, body in entries.items():
        tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", len(body) // 12) + body + bytes(4)
        yield f"jpeg with exif of wrong {name}", jpeg_with(jpeg_segment(0xE1, b"Exif\0\0" + tiff))
        yield f"png with exif of wrong {name}", png_with(png_chunk(b"eXIf", tiff))
        exif = riff_chunk(b"EXIF", tiff)
        yield (
            f"webp with exif of wrong {name}",
            webp_extended(64, 48, 8, picture("WEBP")[12:], exif),
        )
    for code in (0xE0, 0xE1, 0xE2, 0xED, 0xEE):
        for body in (
            b"",
            b"JFIF\0",
            b"Exif\0\0",
            b"MPF\0",
            b"ICC_PROFILE\0\1\xff",
            b"Photoshop 3.0\x008BIM",
            b"Adobe",
        ):
            yield (
                f"jpeg with {body!r} in {code:X}",
                jpeg_with(jpeg_segment(code, body) + jpeg_segment(code, body)),
            )
    for name in (
        "tEXt",
        "zTXt",
        "iTXt",
        "iCCP",
        "eXIf",
        "tRNS",
        "PLTE",
        "gAMA",
        "cHRM",
        "pHYs",
        "sRGB",
        "acTL",
        "fcTL",
    ):
        for body in (
            b"",
            b"\0",
            b"a\0",
            b"a\0\0\0\0\0",
            b"a\0\1" + zlib.compress(b"b"),
            bytes(1000),
        ):
            yield f"png with {body[:9]!r} in {name}", png_with(png_chunk(name.encode(), body))
    yield "png with a chunk of no length", png_with(struct.pack(">I", 2**32 - 1) + b"tEXt")
    yield "png with a wrong checksum", png_with(png_chunk(b"tEXt", b"a\0b")[:-1] + b"?")
    yield "gif with a comment of no end", gif_with(b"!\xfe\xff" + bytes(9))


def damaged_profiles() -> Images:
    """Yield colour profiles with false counts, offsets, spaces and tags."""
    plain = {"screen": TURNED, "grey": grey(1.0), "inks": plain_inks()}
    for name, profile in plain.items():
        for at in (0, 12, 16, 20, 36, 128, 132, 136, 140, 148, 160, len(profile) - 20):
            for value in (0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF):
                damaged = profile[:at] + struct.pack(">I", value) + profile[at + 4 :]
                yield (
                    f"png with a profile of {name}, {value:x} at {at}",
                    png_with(png_chunk(b"iCCP", png_profile(damaged))),
                )
                for mode in ("L", "CMYK"):
                    yield (
                        f"{mode} jpeg with a profile of {name}, {value:x} at {at}",
                        encode(scene(64, 48).convert(mode), "JPEG", icc_profile=damaged),
                    )
    for gamma in (0, 1, 100_000, 2**31, 2**32 - 1):
        yield f"png of gamma {gamma}", png_with(png_chunk(b"gAMA", struct.pack(">I", gamma)))


def lying_boxes() -> Images:
    """Yield HEIC and AVIF files whose boxes have false sizes, places and lengths."""
    whole = {"HEIC": heic("orientation-6"), "grid": heic("12-megapixels"), "AVIF": picture("AVIF")}
    names = (b"meta", b"iloc", b"iinf", b"iprp", b"ipco", b"ipma", b"ispe", b"hvcC", b"av1C")
    for image_format, data in whole.items():
        for name in names:
            at = data.find(name)
            for place in (at - 4, at + 4, at + 8, at + 12) if at > 0 else ():
                for value in (0, 1, 8, 0x7FFF, 0x7FFF_FFFF, 0xFFFF_FFFF):
                    yield (
                        f"{image_format} with {value:x} at {place - at} of {name!r}",
                        data[:place] + struct.pack(">I", value) + data[place + 4 :],
                    )
        size = data.index(b"ispe") + 8
        for width, height in ((1, 1), (63, 48), (2_000, 1_500), (65_535, 65_535), (2**31, 2**31)):
            yield (
                f"{image_format} of {width} x {height}",
                data[:size] + struct.pack(">II", width, height) + data[size + 8 :],
            )


def desynchronized() -> Images:
    """Yield files in which parsers can disagree on the beginning of a block."""
    yield from two_pictures()
    yield from lying_chunks()
    yield from lying_offsets()


def two_pictures() -> Images:
    """Yield JPEGs with a second picture for parsers that misread the length of a segment."""
    other = encode(noise(96, 80), "JPEG", quality=30)[2:]
    large = jpeg_claiming(12_000, 12_000, progressive=True)[2:]
    for length in (0, 1):
        for marker in (0xE0, 0xEE, 0xFE, 0xDB):
            yield (
                f"jpeg in a jpeg, {marker:X} of length {length}",
                jpeg_in_jpeg(other, marker, length),
            )
            yield (
                f"144 megapixels in a jpeg, {marker:X} of length {length}",
                jpeg_in_jpeg(large, marker, length),
            )
    for marker in (0xE0, 0xE1, 0xEE, 0xFE, 0xDB, 0xC4, 0xDD, 0xCC):
        for length in (0, 1, 2, 3):
            for name, hidden in (("another picture", other), ("144 megapixels", large)):
                segment = struct.pack(">BBH", 0xFF, marker, length) + b"Adobe" + hidden
                yield f"jpeg with {name} behind {marker:X} of length {length}", jpeg_with(segment)
                yield (
                    f"jpeg behind {name} in {marker:X} of length {length}",
                    b"\xff\xd8" + segment + picture("JPEG"),
                )
    for name, between in {
        "a second start": b"\xff\xd8",
        "an end": b"\xff\xd9",
        "a whole picture": picture("JPEG"),
        "another picture": other,
        "an escaped byte": b"\xff\x00",
        "a marker for temporary use": b"\xff\xff\xff\x01",
        "a reserved marker": b"\xff\x02\x00\x04ab",
        "an arithmetic table": jpeg_segment(0xCC, b"\x00\x10"),
        "lines to come": jpeg_segment(0xDC, b"\x10\x00"),
        "a hierarchy": jpeg_segment(0xDE, b"\x08\x10\x00\x10\x00\x00"),
    }.items():
        yield f"jpeg with {name} before its frame", jpeg_with(between)
        scan = picture("JPEG").index(b"\xff\xda")
        yield (
            f"jpeg with {name} before its scan",
            picture("JPEG")[:scan] + between + picture("JPEG")[scan:],
        )
        yield f"jpeg with {name} behind its scan", picture("JPEG")[:-2] + between + b"\xff\xd9"


def jpeg_in_jpeg(hidden: bytes, marker: int, length: int) -> bytes:
    """Return a JPEG, without its first marker, that changes if a segment's length is dropped.

    A parser then reads the next marker, FF C0, as the length: 65,472 bytes, up to the hidden
    picture.
    """
    data = picture("JPEG")
    frame = data.index(b"\xff\xc0")
    frame_end = frame + 2 + int.from_bytes(data[frame + 2 : frame + 4])
    filling = jpeg_segment(0xDC, bytes(0xFFC0 - (frame_end - frame) - 8))
    holder = jpeg_segment(0xDC, hidden)
    lying = struct.pack(">BBH", 0xFF, marker, length) + b"Adobe"
    return (
        data[:2]
        + lying
        + data[frame:frame_end]
        + filling
        + holder
        + data[2:frame]
        + data[frame_end:]
    )


def lying_chunks() -> Images:
    """Yield PNG and WebP files with false lengths, repeated chunks or another order."""
    header, pixels = picture("PNG")[8:33], picture("PNG")[33:-12]
    start, end = picture("PNG")[:8], picture("PNG")[-12:]
    text = png_chunk(b"tEXt", b"a\0b")
    for name, chunks in {
        "two headers": header + header + pixels,
        "no header": pixels,
        "a header behind its pixels": pixels + header,
        "pixels twice": header + pixels + pixels,
        "pixels in two places": header + pixels[:40] + text + pixels[40:],
        "an end before its pixels": header + end + pixels,
        "a palette behind its pixels": header + pixels + png_chunk(b"PLTE", bytes(6)),
        "transparency behind its pixels": header + pixels + png_chunk(b"tRNS", bytes(6)),
        "an invalid name": header + png_chunk(b"1234", b"") + pixels,
        "frame pixels at once behind its pixels": header + pixels + png_chunk(b"fdAT", bytes(9)),
    }.items():
        yield f"png with {name}", start + chunks + end
    body = picture("WEBP")[12:]
    for length in (0, 1, len(body) - 8, len(body), 2**31, 2**32 - 2):
        yield (
            f"png with pixels of length {length}",
            start + header + struct.pack(">I", length) + pixels[4:] + end,
        )
        yield (
            f"webp with pixels of length {length}",
            webp(body[:4] + struct.pack("<I", length) + body[8:]),
        )
        yield f"webp of length {length}", b"RIFF" + struct.pack("<I", length) + b"WEBP" + body
    for width, height in ((1, 1), (64, 47), (63, 48), (128, 96), (2**24, 2**24)):
        yield (
            f"webp of 64 x 48 on a canvas of {width} x {height}",
            webp_extended(width, height, 0, body),
        )
    yield "webp with its pixels twice", webp(body, body)


def lying_offsets() -> Images:
    """Yield GIF and BMP files whose headers have false offsets."""
    gif, bitmap = picture("GIF"), picture("BMP")
    frame = gif.index(b",\0\0\0\0")
    for left, top in ((1, 0), (0, 1), (64, 48), (65_535, 65_535)):
        yield (
            f"gif with a frame at {left}, {top}",
            gif[: frame + 1] + struct.pack("<HH", left, top) + gif[frame + 5 :],
        )
    for bits in (0, 1, 7, 9, 12, 13, 255):
        yield f"gif of {bits} bits", gif_with(b"").replace(b"\x08\xff", bytes([bits, 255]), 1)
    for offset in (0, 14, 53, 54, 55, 1_000, len(bitmap) - 1, len(bitmap), 2**32 - 1):
        yield f"bmp with pixels at {offset}", bitmap[:10] + struct.pack("<I", offset) + bitmap[14:]
    for size in (0, 12, 16, 39, 40, 52, 56, 64, 108, 124, 2**32 - 1):
        yield (
            f"bmp with a header of {size} bytes",
            bitmap[:14] + struct.pack("<I", size) + bitmap[18:],
        )
    for colours in (1, 255, 256, 257, 65_536, 2**32 - 1):
        yield f"bmp of {colours} colours", bitmap[:46] + struct.pack("<I", colours) + bitmap[50:]
