import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from local.algorithm.pixels import UndecodableImageError, decode


def encoded(image: Image.Image, image_format: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of one pixel whose header names another size."""
    png = encoded(Image.new("RGB", (1, 1)), "PNG")
    header = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + header + struct.pack(">I", zlib.crc32(header)) + png[33:]


def test_decode_small_png_enlarges_bicubically(truck: bytes) -> None:
    expected = Image.open(io.BytesIO(truck)).resize((224, 224), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(np.asarray(expected), decode(truck))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "RGB"])
def test_decode_any_colour_mode_gives_rgb(mode: str) -> None:
    pixels = decode(encoded(Image.new(mode, (300, 20)), "PNG"))
    assert ((224, 224, 3), "uint8") == (pixels.shape, str(pixels.dtype))


def test_decode_jpeg_gives_its_colour() -> None:
    assert [254, 0, 0] == decode(encoded(Image.new("RGB", (64, 64), "red"), "JPEG"))[112, 112].tolist()


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
