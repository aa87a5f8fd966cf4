"""HEIC and AVIF are read like other photos; `tests/images/heic_files.py` wrote the HEIC files."""

import subprocess
import sys
from dataclasses import dataclass
from io import BytesIO

import pytest
from PIL import ExifTags, Image, ImageChops, ImageStat

from functions.serialize_image.bounded_decoder import BoundedDecoder
from functions.serialize_image.heic import decode
from functions.serialize_image.image_preparation import (
    CorruptImageError,
    PreparedImage,
    prepare_image,
)
from functions.serialize_image.model_pixels import UPRIGHT
from tests.images.formats import encode, heic, noise, picture, scene

ORIENTATIONS = range(2, 9)


def decoded(prepared: PreparedImage) -> Image.Image:
    return Image.open(BytesIO(prepared.data)).convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference a channel, of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.parametrize("name", ["scene", "halved-colours", "metadata", "two-images"])
def test_heic_shows_its_primary_image(name: str) -> None:
    prepared = prepare_image(heic(name))
    assert "HEIC" == prepared.source.format
    assert difference(scene(64, 48), decoded(prepared)) < 6


def test_grey_heic_is_read() -> None:
    expected = scene(64, 48).convert("L").convert("RGB")
    assert difference(expected, decoded(prepare_image(heic("grey")))) < 4


def test_transparent_heic_is_put_on_white() -> None:
    image = scene(64, 48)
    mask = Image.linear_gradient("L").resize((64, 48))
    expected = Image.composite(image, Image.new("RGB", (64, 48), "white"), mask)
    assert difference(expected, decoded(prepare_image(heic("transparent")))) < 4


def test_heic_of_ten_bits_is_scaled_to_eight() -> None:
    pixel = decoded(prepare_image(heic("ten-bits"))).getpixel((9, 9))
    # The colours (1023, 0, 512), half of which are transparent, on white.
    assert pytest.approx((255, 128, 191), abs=3) == pixel


def test_photo_in_heic_is_scaled() -> None:
    photo = noise(40, 30).resize((640, 480), Image.Resampling.BICUBIC)
    expected = photo.resize((341, 256), Image.Resampling.BICUBIC)
    assert difference(expected, decoded(prepare_image(heic("photo")))) < 16


def test_profile_of_a_heic_is_applied() -> None:
    red, green, blue = scene(64, 48).split()
    turned = Image.merge("RGB", (blue, red, green))  # TURNED shows red as green, green as blue
    assert difference(turned, decoded(prepare_image(heic("turned-profile")))) < 4


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_orientation_in_the_container_of_a_heic_is_applied_once(orientation: int) -> None:
    upright = scene(64, 48).transpose(UPRIGHT[orientation])
    assert difference(upright, decoded(prepare_image(heic(f"orientation-{orientation}")))) < 4


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_orientation_in_the_container_of_an_avif_is_applied_once(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = encode(scene(64, 48), "AVIF", quality=95, subsampling="4:4:4", exif=exif)
    assert b"irot" in data or b"imir" in data
    upright = scene(64, 48).transpose(UPRIGHT[orientation])
    assert difference(upright, decoded(prepare_image(data))) < 4


def test_heic_that_claims_another_size_than_its_picture_is_corrupt() -> None:
    data = heic("50-megapixels")
    size = data.index(b"ispe") + 8
    with pytest.raises(CorruptImageError):
        prepare_image(data[:size] + (64).to_bytes(4) * 2 + data[size + 8 :])


@dataclass
class Growing:
    """A header whose picture turns out to be larger than it said."""

    size_mode: tuple[tuple[int, int], str] = ((1, 1), "RGB")

    @property
    def data(self) -> bytes:
        self.size_mode = ((9_000, 9_000), "RGB")
        return bytes(3)


def test_picture_that_grows_while_it_is_decoded_is_refused() -> None:
    with pytest.raises(ValueError, match="instead of"):
        decode(Growing())


@pytest.mark.parametrize("image_format", ["HEIC", "AVIF"])
def test_bounded_decoder_reads(image_format: str) -> None:
    decoder = BoundedDecoder()
    assert prepare_image(picture(image_format)) == decoder.prepare(picture(image_format))
    decoder.close()


def test_libraries_of_heic_avif_and_colours_are_loaded_for_such_images_only() -> None:
    program = """
import sys
from functions.serialize_image.image_preparation import prepare_image
prepare_image(sys.stdin.buffer.read())
print(sorted({"_pi_heif", "PIL._avif", "PIL.AvifImagePlugin", "PIL._imagingcms"} & {*sys.modules}))
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], input=picture("JPEG"), capture_output=True, check=True
    )
    assert b"[]" == ended.stdout.strip()
