"""Images that other programs show, and that a strict reader shows differently or refuses."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat, PngImagePlugin

from functions.serialize_image.image_preparation import (
    CorruptImageError,
    PreparedImage,
    UnsupportedImageFormatError,
    prepare_image,
)
from tests.images.formats import (
    bmp,
    encode,
    gif_on_canvas,
    jpeg_claiming,
    noise,
    picture,
    png_chunk,
    png_with,
    png_with_frame_behind,
    riff_chunk,
    scene,
    webp_extended,
)
from tests.images.threats import jpeg_in_jpeg


def decoded(prepared: PreparedImage) -> Image.Image:
    return Image.open(BytesIO(prepared.data)).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference a channel, of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


# ------------------------------------------------------------- orientation


def xmp(value: int, form: str = 'tiff:Orientation="{}"') -> bytes:
    return f"<x:xmpmeta><rdf:Description {form.format(value)}/></x:xmpmeta>".encode()


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_orientation_in_the_xmp_of_a_jpeg_does_not_turn_it(orientation: int) -> None:
    prepared = prepare_image(
        encode(scene(64, 48), "JPEG", quality=95, subsampling=0, xmp=xmp(orientation))
    )
    assert difference(scene(64, 48), decoded(prepared)) < 4


def test_orientation_in_the_xmp_of_a_png_does_not_turn_it() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp(6).decode())
    data = encode(scene(64, 48), "PNG", pnginfo=text)
    assert scene(64, 48).tobytes() == decoded(prepare_image(data)).tobytes()


def test_orientation_in_the_xmp_of_a_webp_does_not_turn_it() -> None:
    chunk = riff_chunk(b"XMP ", xmp(6))
    prepared = prepare_image(webp_extended(64, 48, 4, picture("WEBP")[12:], chunk))
    assert (64, 48) == (prepared.width, prepared.height)


# --------------------------------------------------------------------- PNG


@pytest.mark.parametrize("name", [b"iCCP", b"tEXt", b"eXIf", b"gAMA", b"cHRM", b"sRGB"])
def test_ancillary_chunk_with_a_wrong_checksum_is_dropped(name: bytes) -> None:
    data = png_with(png_chunk(name, b"a\0\0" + zlib.compress(b"b"))[:-1] + b"?")
    assert scene(64, 48).tobytes() == decoded(prepare_image(data)).tobytes()


@pytest.mark.parametrize("size", [1_000_001, 1_200_000, 20_000_000])
def test_profile_that_expands_to_more_than_a_megabyte_is_dropped(size: int) -> None:
    data = png_with(png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(size))))
    assert scene(64, 48).tobytes() == decoded(prepare_image(data)).tobytes()


@pytest.mark.parametrize("place", [(0, 0), (40, 8)])
def test_first_frame_behind_the_image_of_a_png_is_shown(place: tuple[int, int]) -> None:
    frame = noise(24, 40)
    expected = Image.new("RGB", (64, 48), "white")
    expected.paste(frame, place)
    prepared = prepare_image(png_with_frame_behind(picture("PNG"), frame, place))
    assert expected.tobytes() == decoded(prepared).tobytes()


def test_frame_of_the_canvas_behind_the_image_of_a_png_replaces_it() -> None:
    prepared = prepare_image(png_with_frame_behind(picture("PNG"), noise(64, 48)))
    assert noise(64, 48).tobytes() == decoded(prepared).tobytes()


def test_large_frame_behind_the_image_of_a_png_is_scaled_with_its_canvas() -> None:
    data = png_with_frame_behind(encode(scene(1200, 900), "PNG"), scene(600, 300), (300, 450))
    expected = Image.new("RGB", (1200, 900), "white")
    expected.paste(scene(600, 300), (300, 450))
    prepared = decoded(prepare_image(data))
    assert difference(expected.resize(prepared.size, Image.Resampling.BICUBIC), prepared) < 2


@pytest.mark.parametrize("place", [(41, 0), (0, 9), (2**31, 0)])
def test_frame_outside_its_canvas_leaves_the_image_of_the_png(place: tuple[int, int]) -> None:
    prepared = prepare_image(png_with_frame_behind(picture("PNG"), noise(24, 40), place))
    assert scene(64, 48).tobytes() == decoded(prepared).tobytes()


def test_damaged_frame_leaves_the_image_of_the_png() -> None:
    data = bytearray(png_with_frame_behind(picture("PNG"), noise(64, 48)))
    data[data.index(b"fdAT") + 9] ^= 1
    assert scene(64, 48).tobytes() == decoded(prepare_image(bytes(data))).tobytes()


def test_frame_that_is_not_numbered_as_the_first_leaves_the_image_of_the_png() -> None:
    data = png_with_frame_behind(picture("PNG"), noise(64, 48))
    start = data.index(b"fcTL")
    control = png_chunk(b"fcTL", struct.pack(">I", 7) + data[start + 8 : start + 30])
    damaged = data[: start - 4] + control + data[start + 34 :]
    assert scene(64, 48).tobytes() == decoded(prepare_image(damaged)).tobytes()


def test_image_that_is_the_first_frame_stays() -> None:
    frames = [scene(64, 48), noise(64, 48)]
    data = encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert scene(64, 48).tobytes() == decoded(prepare_image(data)).tobytes()


# ----------------------------------------------------------------- GIF, BMP


@pytest.mark.parametrize("place", [(24, 16), (0, 0), (48, 32)])
def test_canvas_around_the_first_frame_of_a_gif_is_white(place: tuple[int, int]) -> None:
    expected = Image.new("RGB", (64, 48), "white")
    expected.paste("red", (*place, place[0] + 16, place[1] + 16))
    data = gif_on_canvas(Image.new("RGB", (16, 16), "red"), (64, 48), place)
    assert expected.tobytes() == decoded(prepare_image(data)).tobytes()


def test_canvas_around_a_large_first_frame_of_a_gif_is_white() -> None:
    expected = Image.new("RGB", (1200, 900), "white")
    expected.paste("red", (300, 200, 900, 700))
    data = gif_on_canvas(Image.new("RGB", (600, 500), "red"), (1200, 900), (300, 200))
    prepared = decoded(prepare_image(data))
    assert difference(expected.resize(prepared.size, Image.Resampling.BICUBIC), prepared) < 2


def bitfields(bits: int, *masks: int) -> bytes:
    """Return a BMP of 64 x 48 pixels with a mask for each channel."""
    data = bmp(64, 48, bits, 3, struct.pack("<III", *masks) + bytes(64 * 48 * bits // 8))
    return data[:10] + struct.pack("<I", 66) + data[14:]


@pytest.mark.parametrize(
    "data",
    [
        bitfields(16, 0xF00, 0xF0, 0xF),
        bitfields(16, 0xF000, 0xF00, 0xF0),
        bitfields(32, 0x3FF00000, 0xFFC00, 0x3FF),
        bmp(64, 48, 2, 0, bytes(64 * 48)),
        bmp(64, 48, 24, 4, picture("JPEG")),
    ],
)
def test_rare_kind_of_bmp_is_unsupported_instead_of_damaged(data: bytes) -> None:
    with pytest.raises(UnsupportedImageFormatError, match=r"Unsupported BMP .+ Save the image as"):
        prepare_image(data)


# ------------------------------------------------------------ two pictures


@pytest.mark.parametrize("marker", [0xE0, 0xEE, 0xFE])
@pytest.mark.parametrize("length", [0, 1])
@pytest.mark.parametrize(
    "hidden",
    [encode(noise(96, 80), "JPEG")[2:], jpeg_claiming(16_000, 16_000, progressive=True)[2:]],
    ids=["another picture", "256 megapixels"],
)
def test_jpeg_with_a_hidden_picture_is_damaged(hidden: bytes, marker: int, length: int) -> None:
    with pytest.raises(CorruptImageError):
        prepare_image(jpeg_in_jpeg(hidden, marker, length))
