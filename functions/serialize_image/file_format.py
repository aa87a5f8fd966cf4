"""Recognise the format of an image by its first bytes; its name may be wrong."""

import struct

from functions.serialize_image.prepared_image import EmptyImageError, UnsupportedImageFormatError

ALLOWED_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "HEIC", "AVIF")
# Offset and magic number of the allowed formats, and of formats that people upload by mistake.
SIGNATURES = (
    ("JPEG", 0, b"\xff\xd8\xff"),
    ("PNG", 0, b"\x89PNG\r\n\x1a\n"),
    ("WEBP", 8, b"WEBP"),
    ("GIF", 0, b"GIF87a"),
    ("GIF", 0, b"GIF89a"),
    ("BMP", 0, b"BM"),
    ("BigTIFF", 0, b"II+\0"),
    ("BigTIFF", 0, b"MM\0+"),
    ("JPEG XL", 0, b"\xff\x0a"),
    ("JPEG XL", 0, b"\0\0\0\x0cJXL \r\n\x87\n"),
    ("JPEG 2000", 0, b"\xffO\xffQ"),
    ("JPEG 2000", 0, b"\0\0\0\x0cjP  \r\n\x87\n"),
    ("camera raw", 0, b"FUJIFILMCCD-RAW"),
    ("camera raw", 0, b"II\x1a\0\0\0HEAPCCDR"),  # Canon CRW
    ("camera raw", 0, b"IIRO"),  # Olympus
    ("camera raw", 0, b"IIRS"),
    ("camera raw", 0, b"MMOR"),
    ("camera raw", 0, b"IIU\0"),  # Panasonic
    ("camera raw", 0, b"FOVb"),  # Sigma
    ("PDF", 0, b"%PDF-"),
)
_TIFF = {b"II*\0": "<", b"MM\0*": ">"}
_CANON_RAW = b"CR\x02"
# Tags of the first directory of a TIFF (TIFF 6.0, DNG 1.7).
_KIND, _FURTHER_DIRECTORIES, _DNG_VERSION = 0xFE, 0x14A, 0xC612
_MOST_ENTRIES = 1_000

# The brands of a file of boxes (ISO/IEC 23008-12, annex B; AV1 Image File Format), in the order in
# which they count: a file of a sequence may have the brand of a still image, too.
_BRANDS = (
    ("HEIC", (b"heic", b"heix", b"heim", b"heis")),
    ("AVIF", (b"avif",)),
    ("HEIC sequence", (b"hevc", b"hevx", b"hevm", b"hevs")),
    ("AVIF sequence", (b"avis",)),
    ("camera raw", (b"crx ",)),
    ("HEIF", (b"mif1", b"mif2", b"msf1")),
    ("video", (b"isom", b"iso2", b"mp41", b"mp42", b"qt  ", b"M4V ", b"3gp4", b"3gp5")),
)
_MOST_BRANDS = 1_000  # bytes


def recognise(data: bytes) -> str:
    """Return the allowed format of an image.

    Raises:
        EmptyImageError, UnsupportedImageFormatError: the bytes are not an allowed image.
    """
    if not data:
        raise EmptyImageError("The image is empty: it has 0 bytes.")

    found = format_of(data)
    if found not in ALLOWED_FORMATS:
        named = f"{found} format" if found else "an unknown format"
        allowed = ", ".join(ALLOWED_FORMATS)
        raise UnsupportedImageFormatError(f"The image is in {named}; allowed are {allowed}.")

    return found


def format_of(data: bytes) -> str | None:
    """Return the name of a format, allowed or not; None if it is unknown."""
    if data[:4] in _TIFF:
        return "camera raw" if _is_camera_raw(data) else "TIFF"
    if data[4:8] == b"ftyp":
        return _format_of_brands(data)

    return next(
        (name for name, offset, magic in SIGNATURES if data.startswith(magic, offset)), None
    )


def _format_of_brands(data: bytes) -> str | None:
    """Return the format by the major brand; by the compatible ones if it names a container only."""
    size = min(int.from_bytes(data[:4]), _MOST_BRANDS)
    compatible = [data[at : at + 4] for at in range(16, size - 3, 4)]
    major = data[8:12]
    named = [name for name, brands in _BRANDS if major in brands]
    if named and named != ["HEIF"]:
        return named[0]

    # A sequence of images has the brand msf1.
    order = reversed(_BRANDS[:4]) if major == b"msf1" else iter(_BRANDS)
    by_brand = (name for name, brands in order if not {*brands}.isdisjoint(compatible))
    return next(by_brand, named[0] if named else None)


def _is_camera_raw(data: bytes) -> bool:
    """Return whether a TIFF is by Canon, or its first image is the thumbnail of others."""
    if data.startswith(_CANON_RAW, 8):
        return True

    order = _TIFF[data[:4]]
    start = int.from_bytes(data[4:8], "little" if order == "<" else "big")
    try:
        (count,) = struct.unpack_from(f"{order}H", data, start)
        entries = [
            struct.unpack_from(f"{order}HHII", data, start + 2 + 12 * number)
            for number in range(min(count, _MOST_ENTRIES))
        ]
    except struct.error:
        return False

    tags = {tag: value for tag, _, _, value in entries}
    is_thumbnail = tags.get(_KIND) == 1 and _FURTHER_DIRECTORIES in tags
    return _DNG_VERSION in tags or is_thumbnail
