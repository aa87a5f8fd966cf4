"""Pixels have the colours that people see: those of the file's profile, in sRGB."""

import struct
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from functions.serialize_image import model_pixels
from functions.serialize_image.colour_profile import MAX_PROFILE_BYTES
from functions.serialize_image.image_preparation import prepare_image
from tests.images.formats import FORMATS, encode, noise, png_chunk, png_with, scene
from tests.images.profiles import (
    BLUE,
    GREEN,
    P3,
    RED,
    TURNED,
    grey,
    plain_inks,
    png_profile,
    screen,
)

SRGB = screen(RED, GREEN, BLUE)
WITH_PROFILES = ("JPEG", "PNG", "WEBP")
LOSSLESS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 100, "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
}


def flat(colour: Any, image_format: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    return encode(
        Image.new(mode, (32, 32), colour), image_format, **LOSSLESS[image_format], **options
    )


def colour(data: bytes) -> Any:
    return Image.open(BytesIO(prepare_image(data).data)).convert("RGB").getpixel((9, 9))


def near(expected: tuple[int, int, int]) -> Any:
    return pytest.approx(expected, abs=3)


@pytest.mark.parametrize("image_format", WITH_PROFILES)
def test_profile_decides_the_colour(image_format: str) -> None:
    data = flat((250, 30, 30), image_format, icc_profile=TURNED)
    assert near((30, 250, 30)) == colour(data)


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        ((255, 255, 255), (255, 255, 255)),
        ((128, 128, 128), (128, 128, 128)),
        ((200, 100, 100), (215, 93, 97)),
        ((100, 200, 100), (45, 203, 86)),
    ],
)
def test_colours_of_display_p3_are_converted(
    stored: tuple[int, int, int], seen: tuple[int, int, int]
) -> None:
    assert near(seen) == colour(flat(stored, icc_profile=P3))


@pytest.mark.parametrize("size", [(64, 48), (640, 480)])
@pytest.mark.parametrize("image_format", WITH_PROFILES)
@pytest.mark.parametrize(
    "profile",
    [
        SRGB,
        screen(RED, GREEN, BLUE, 2.2),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ],
    ids=["sRGB", "gamma 2.2", "LittleCMS"],
)
def test_profile_of_srgb_changes_no_byte(
    profile: bytes, image_format: str, size: tuple[int, int]
) -> None:
    options = LOSSLESS[image_format]
    with_profile = encode(scene(*size), image_format, icc_profile=profile, **options)
    assert (
        prepare_image(encode(scene(*size), image_format, **options)).data
        == prepare_image(with_profile).data
    )


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("size", [(64, 48), (640, 480)])
def test_image_without_profile_keeps_every_byte(
    image_format: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(noise(*size), image_format)
    converted = prepare_image(data).data
    monkeypatch.setattr(model_pixels, "in_srgb", lambda pixels, _mode, _info: pixels)
    assert prepare_image(data).data == converted


def test_profile_of_grey_levels_is_converted() -> None:
    assert near((188, 188, 188)) == colour(flat(128, "PNG", "L", icc_profile=grey(1.0)))


def test_grey_image_may_have_the_profile_of_a_screen() -> None:
    data = flat(128, "PNG", "L", icc_profile=screen(RED, GREEN, BLUE, 1.0))
    assert near((188, 188, 188)) == colour(data)


@pytest.mark.parametrize("side", [32, 600])
def test_inks_are_converted_by_their_profile(side: int) -> None:
    image = Image.new("CMYK", (side, side), (0, 0, 0, 255))
    data = encode(image, "JPEG", quality=95, icc_profile=plain_inks())
    red, green, blue = colour(data)
    assert green > 2 * max(red, blue)


def test_transparent_pixels_with_a_profile_stay_white() -> None:
    data = flat((255, 0, 0, 0), "PNG", "RGBA", icc_profile=TURNED)
    assert near((255, 255, 255)) == colour(data)


def test_palette_is_converted() -> None:
    image = Image.new("RGB", (32, 32), (250, 30, 30)).quantize(4)
    assert near((30, 250, 30)) == colour(encode(image, "PNG", icc_profile=TURNED))


@pytest.mark.parametrize("image_format", WITH_PROFILES)
@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        TURNED[:100],
        TURNED[:-100],
        grey(1.0),
        plain_inks(),
        TURNED + bytes(MAX_PROFILE_BYTES + 1 - len(TURNED)),
    ],
    ids=["text", "header", "cut off", "of grey levels", "of inks", "too large"],
)
def test_profile_that_does_not_fit_leaves_the_pixels(profile: bytes, image_format: str) -> None:
    data = flat((250, 30, 30), image_format, icc_profile=profile)
    assert near((250, 30, 30)) == colour(data)


# ----------------------------------------------------------- gamma of a PNG


def with_gamma(level: int, gamma: int, *chunks: bytes) -> bytes:
    data = flat((level,) * 3)
    gama = png_chunk(b"gAMA", struct.pack(">I", gamma))
    return data[:33] + gama + b"".join(chunks) + data[33:]


@pytest.mark.parametrize(
    ("level", "gamma", "seen"), [(128, 100_000, 188), (64, 100_000, 137), (128, 55_556, 145)]
)
def test_gamma_of_a_png_is_applied(level: int, gamma: int, seen: int) -> None:
    assert near((seen,) * 3) == colour(with_gamma(level, gamma))


@pytest.mark.parametrize("gamma", [45_455, 45_000, 0])
@pytest.mark.parametrize("level", [3, 30, 128, 250])
def test_gamma_of_screens_changes_nothing(level: int, gamma: int) -> None:
    assert (level,) * 3 == colour(with_gamma(level, gamma))


@pytest.mark.parametrize(
    "chunk", [png_chunk(b"sRGB", b"\0"), png_chunk(b"iCCP", png_profile(SRGB))]
)
def test_gamma_counts_only_without_a_better_description(chunk: bytes) -> None:
    assert (128,) * 3 == colour(with_gamma(128, 100_000, chunk))


def test_smallest_and_largest_gamma_are_no_error() -> None:
    for gamma in (1, 2**31 - 1, 2**32 - 1):
        assert prepare_image(png_with(png_chunk(b"gAMA", struct.pack(">I", gamma))))
