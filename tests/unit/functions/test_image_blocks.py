"""Metadata is removed from a file before a decoder reads it."""

import zlib

import pytest

from functions.serialize_image.essential_blocks import MAX_BLOCKS
from functions.serialize_image.image_blocks import MAX_READS, BoundedStream, essential_blocks
from functions.serialize_image.jpeg_blocks import MAX_JPEG_PROFILE, MAX_JPEG_WANTED
from functions.serialize_image.png_blocks import MAX_PNG_ANCILLARY_BYTES
from tests.images.formats import (
    encode,
    jpeg_claiming,
    jpeg_repeating_its_last_scan,
    jpeg_segment,
    jpeg_with,
    picture,
    png_chunk,
    png_with,
    scene,
)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_file_without_metadata_is_left_as_it_is(image_format: str) -> None:
    data = picture(image_format)
    assert data == essential_blocks(data, image_format).data


@pytest.mark.parametrize(
    "segments",
    [
        jpeg_segment(0xFE, b"a comment"),
        jpeg_segment(0xE2, b"MPF\0"),
        jpeg_segment(0xE2, b"ICC_PROFILE\0\1\1") * (MAX_JPEG_PROFILE + 1),
        jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
        jpeg_segment(0xED, b"Photoshop 3.0\x008BIM"),
        b"\xff" * 9,
        b"\xff\0\xff\0",
        b"\xff\xd0\xff\xd7",
        b"junk",
    ],
)
def test_jpeg_loses_segments_that_do_not_affect_its_pixels(segments: bytes) -> None:
    assert picture("JPEG") == essential_blocks(jpeg_with(segments), "JPEG").data


@pytest.mark.parametrize("count", [1, MAX_JPEG_PROFILE])
def test_jpeg_keeps_a_profile(count: int) -> None:
    data = jpeg_with(jpeg_segment(0xE2, b"ICC_PROFILE\0\1\1") * count)
    assert data == essential_blocks(data, "JPEG").data


@pytest.mark.parametrize("body", [b"Adobe\0\x64\0\0\0\0\1", b"Exif\0\0II*\0"])
def test_jpeg_keeps_segments_on_colours_and_orientation(body: bytes) -> None:
    data = jpeg_with(jpeg_segment(0xE1, body) + jpeg_segment(0xE1, body + b"again"))
    assert data == essential_blocks(data, "JPEG").data


def test_jpeg_with_too_many_segments_on_orientation_is_refused() -> None:
    with pytest.raises(ValueError, match="too many segments"):
        essential_blocks(jpeg_with(jpeg_segment(0xE1, b"Exif\0\0") * (MAX_JPEG_WANTED + 1)), "JPEG")


@pytest.mark.parametrize("length", [0, 1])
def test_jpeg_with_segment_shorter_than_its_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"length {length}"):
        essential_blocks(jpeg_with(b"\xff\xee" + length.to_bytes(2)), "JPEG")


@pytest.mark.parametrize("marker", [b"\xff\xd8", b"\xff\xff\xff\x01"])
def test_jpeg_with_a_marker_that_decoders_disagree_on_is_refused(marker: bytes) -> None:
    with pytest.raises(ValueError, match="within the picture"):
        essential_blocks(jpeg_with(marker), "JPEG")


def test_jpeg_of_very_many_segments_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 20,000 segments"):
        essential_blocks(jpeg_with(jpeg_segment(0xFE, b"") * MAX_BLOCKS), "JPEG")


@pytest.mark.parametrize(
    "data", [b"\xff\xd8\xff", picture("JPEG")[:100], b"\xff\xd8\xff\xda\0\x08\1\0\0\0"]
)
def test_jpeg_without_pixels_or_size_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no pixels"):
        essential_blocks(data, "JPEG")


def test_jpeg_decoded_in_one_pass_holds_no_coefficients() -> None:
    assert 0 == essential_blocks(jpeg_claiming(1000, 500), "JPEG").coefficient_bytes


@pytest.mark.parametrize(("mode", "components"), [("L", 1), ("RGB", 3), ("CMYK", 4)])
def test_progressive_jpeg_holds_two_bytes_for_every_component(mode: str, components: int) -> None:
    blocks = essential_blocks(jpeg_claiming(1000, 500, mode, progressive=True), "JPEG")
    assert 2 * 500_000 * components == blocks.coefficient_bytes


def test_progressive_jpeg_with_halved_colours_holds_half_as_much() -> None:
    data = encode(scene(64, 48), "JPEG", progressive=True, subsampling="4:2:0")
    assert 3 * 64 * 48 == essential_blocks(data, "JPEG").coefficient_bytes


def test_sequential_jpeg_in_several_scans_holds_coefficients() -> None:
    data = picture("JPEG")
    scan = data.index(b"\xff\xda")
    of_one_component = data[: scan + 2] + b"\0\x08\1\1\0\0\x3f\0" + data[scan + 14 :]
    assert essential_blocks(of_one_component, "JPEG").coefficient_bytes > 0


def test_scans_are_counted_after_the_first_pixels() -> None:
    thumbnail = jpeg_segment(0xE1, b"Exif\0\0" + picture("JPEG"))
    data = jpeg_repeating_its_last_scan(jpeg_with(thumbnail), 4)
    assert 5 == essential_blocks(data, "JPEG").scans


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iTXt"])
def test_png_loses_its_texts(name: bytes) -> None:
    assert picture("PNG") == essential_blocks(png_with(png_chunk(name, b"Author\0me")), "PNG").data


def test_png_keeps_the_first_text_that_may_name_the_orientation() -> None:
    text = png_chunk(b"iTXt", b"Raw profile type exif\0\0\0\0\0<x/>")
    assert png_with(text) == essential_blocks(png_with(text * 2), "PNG").data


def test_png_loses_a_text_of_megabytes_whatever_it_names() -> None:
    text = png_chunk(b"iTXt", b"Raw profile type exif\0\0\0\0\0" + bytes(MAX_PNG_ANCILLARY_BYTES))
    assert picture("PNG") == essential_blocks(png_with(text), "PNG").data


def test_png_cut_off_within_a_chunk_keeps_the_chunks_before() -> None:
    assert picture("PNG")[:100] == essential_blocks(picture("PNG")[:100], "PNG").data


@pytest.mark.parametrize("name", [b"iCCP", b"gAMA", b"acTL", b"prVt", b"HUGE"])
def test_png_loses_chunks_that_decoding_does_not_need(name: bytes) -> None:
    assert picture("PNG") == essential_blocks(png_with(png_chunk(name, bytes(9))), "PNG").data


@pytest.mark.parametrize(
    ("name", "body"),
    [
        (b"iCCP", b"a\0\0" + zlib.compress(b"b")),
        (b"gAMA", b"\0\0\0\1"),
        (b"sRGB", b"\0"),
    ],
)
def test_png_keeps_the_first_chunk_on_colours_before_its_pixels(name: bytes, body: bytes) -> None:
    chunk = png_chunk(name, body)
    data = png_with(chunk * 2)[:-12] + chunk + png_chunk(b"IEND", b"")
    assert png_with(chunk) == essential_blocks(data, "PNG").data


def test_png_keeps_a_sound_orientation_only() -> None:
    sound = png_chunk(b"eXIf", bytes(6))
    damaged = sound[:-1] + b"?"
    assert png_with(sound) == essential_blocks(png_with(damaged + sound), "PNG").data


def test_png_keeps_its_transparency_even_if_damaged() -> None:
    data = png_with(png_chunk(b"tRNS", bytes(6))[:-1] + b"?")
    assert data == essential_blocks(data, "PNG").data


def test_png_with_pixels_in_two_places_is_refused() -> None:
    pixels = png_chunk(b"IDAT", b"a")
    with pytest.raises(ValueError, match="two places"):
        essential_blocks(png_with(pixels + png_chunk(b"tEXt", b"a\0b")), "PNG")


def test_png_ends_at_a_chunk_without_a_name() -> None:
    data = picture("PNG")[:-12]
    assert (
        data
        == essential_blocks(data + png_chunk(b"12 4", b"") + png_chunk(b"tRNS", b""), "PNG").data
    )


def test_png_of_very_many_chunks_is_refused() -> None:
    with pytest.raises(ValueError, match="chunks"):
        essential_blocks(png_with(png_chunk(b"prVt", b"") * MAX_BLOCKS), "PNG")


def test_stream_gives_its_bytes_in_the_allowed_number_of_pieces() -> None:
    stream = BoundedStream(bytes(MAX_READS["GIF"]), "GIF")
    assert MAX_READS["GIF"] == sum(len(stream.read(1)) for _ in range(MAX_READS["GIF"]))


def test_stream_read_once_too_often_is_refused() -> None:
    stream = BoundedStream(bytes(9), "GIF")
    for _ in range(MAX_READS["GIF"]):
        stream.read(0)
    with pytest.raises(ValueError, match="pieces"):
        stream.read(1)
