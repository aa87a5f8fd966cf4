"""A file has the format that its first bytes say."""

import struct

import pytest

from functions.serialize_image.file_format import format_of
from functions.serialize_image.image_preparation import (
    EmptyImageError,
    UnsupportedImageFormatError,
    prepare_image,
)
from tests.images.formats import ALL_FORMATS, encode, picture, scene


def boxes(major: bytes, *compatible: bytes) -> bytes:
    """Return the first box of a file, with its brands."""
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return struct.pack(">I", 4 + len(body)) + body + bytes(64)


def tiff(*tags: tuple[int, int], order: str = "<") -> bytes:
    """Return a TIFF whose first directory has these tags with a number each."""
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(f"{order}IH", 8, len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("image_format", ALL_FORMATS)
def test_allowed_format_is_recognised(image_format: str) -> None:
    assert image_format == format_of(picture(image_format))


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (boxes(b"heic", b"mif1", b"heic"), "HEIC"),
        (boxes(b"heix", b"mif1"), "HEIC"),
        (boxes(b"mif1", b"mif1", b"heic"), "HEIC"),
        (boxes(b"mif1", b"mif1", b"avif"), "AVIF"),
        (boxes(b"avif", b"mif1", b"miaf"), "AVIF"),
        (boxes(b"hevc", b"mif1", b"heic"), "HEIC sequence"),
        (boxes(b"msf1", b"hevc", b"heic"), "HEIC sequence"),
        (boxes(b"avis", b"avif", b"msf1"), "AVIF sequence"),
        (boxes(b"msf1", b"avis", b"avif"), "AVIF sequence"),
        (boxes(b"mif1", b"jpeg"), "HEIF"),
        (boxes(b"crx ", b"isom"), "camera raw"),
        (boxes(b"qt  "), "video"),
        (boxes(b"mp42", b"isom"), "video"),
        (b"\xff\x0a" + bytes(9), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(9), "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(9), "JPEG 2000"),
        (b"\xffO\xffQ" + bytes(9), "JPEG 2000"),
        (b"II+\0\x08\0\0\0", "BigTIFF"),
        (b"MM\0+\0\x08\0\0", "BigTIFF"),
        (encode(scene(8, 8), "TIFF"), "TIFF"),
        (tiff((0xFE, 0)), "TIFF"),
        (tiff((0xFE, 1)), "TIFF"),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(9), "camera raw"),
        (tiff((0xFE, 1), (0x14A, 99)), "camera raw"),
        (tiff((0xFE, 1), (0x14A, 99), order=">"), "camera raw"),
        (tiff((0xC612, 0x01040000)), "camera raw"),
        (b"FUJIFILMCCD-RAW 0201", "camera raw"),
        (b"IIRO\x08\0\0\0", "camera raw"),
        (b"IIU\0\x18\0\0\0", "camera raw"),
        (b"%PDF-1.7\n", "PDF"),
    ],
)
def test_format_of_a_file_is_named(data: bytes, named: str) -> None:
    assert named == format_of(data)


@pytest.mark.parametrize(
    "data",
    [b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<svg/>", boxes(b"abcd"), b"\0\0\0\x0cftyp"],
)
def test_other_bytes_have_no_format(data: bytes) -> None:
    assert format_of(data) is None


@pytest.mark.parametrize("size", [8, 10, 12, 20, 30])
def test_tiff_that_is_cut_off_is_a_tiff(size: int) -> None:
    assert "TIFF" == format_of(tiff((0xFE, 1), (0x14A, 99))[:size])


def test_unsupported_format_is_named_with_the_allowed_ones() -> None:
    with pytest.raises(
        UnsupportedImageFormatError,
        match=r"in JPEG XL format; allowed are JPEG, PNG, WEBP, GIF, BMP, HEIC, AVIF\.",
    ):
        prepare_image(b"\xff\x0a" + bytes(9))


def test_no_bytes_are_an_empty_image() -> None:
    with pytest.raises(EmptyImageError, match="0 bytes"):
        prepare_image(b"")
