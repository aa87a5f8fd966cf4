import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from algorithm.pixels import CentreCrop, ImageTooSmallError, UndecodableImageError, decode, resized


def encoded(image: Image.Image, image_format: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """Make a PNG of one pixel whose header has another size."""
    png = encoded(Image.new("RGB", (1, 1)), "PNG")
    header = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


def test_decode_small_png_enlarges_bicubically(columns: bytes) -> None:
    expected = Image.open(io.BytesIO(columns)).resize((224, 224), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(np.asarray(expected), decode(columns))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "RGB"])
def test_decode_any_colour_mode_gives_rgb(mode: str) -> None:
    pixels = decode(encoded(Image.new(mode, (300, 20)), "PNG"))
    assert (224, 224, 3) == pixels.shape
    assert "uint8" == str(pixels.dtype)


def test_decode_jpeg_gives_its_colour() -> None:
    assert [254, 0, 0] == decode(encoded(Image.new("RGB", (64, 64), "red"), "JPEG"))[
        112, 112
    ].tolist()


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(b"no image", id="text"),
        pytest.param(encoded(Image.effect_noise((64, 64), 50), "PNG")[:-2000], id="truncated png"),
        pytest.param(encoded(Image.effect_noise((64, 64), 50), "JPEG")[:-800], id="truncated jpeg"),
        pytest.param(encoded(Image.new("RGB", (8, 8)), "GIF"), id="another format"),
        pytest.param(png_that_claims(5001, 5000), id="26 megapixels"),
        pytest.param(png_that_claims(10_000, 10_000), id="100 megapixels"),
        pytest.param(png_that_claims(60_000, 60_000), id="3600 megapixels"),
    ],
)
def test_decode_unusable_bytes_are_refused(image: bytes) -> None:
    with pytest.raises(UndecodableImageError):
        decode(image)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((32, 32), (256, 256)), ((300, 200), (384, 256)), ((200, 301), (256, 385))],
)
def test_resize_is_the_shorter_side_and_keeps_the_aspect(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert expected == resized(Image.new("RGB", size), 256).size


def test_picture_is_unchanged_without_resize() -> None:
    picture = Image.effect_noise((300, 230), 50)
    assert resized(picture, None) is picture


def test_training_uses_the_middle_of_the_resized_picture() -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis].repeat(256, axis=0)).convert(
        "RGB"
    )
    assert list(range(16, 240)) == np.asarray(CentreCrop(256).of(ramp, b""))[0, :, 0].tolist()


@pytest.mark.parametrize("size", [(223, 500), (500, 223)])
def test_picture_smaller_than_image_shape_is_refused_without_resize(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooSmallError, match=f"it has {size[0]} x {size[1]} pixels"):
        CentreCrop(None).of(Image.new("RGB", size), b"")


def test_strip_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(UndecodableImageError, match="with a shorter side of 256"):
        resized(Image.new("RGB", (10_000, 1)), 256)
