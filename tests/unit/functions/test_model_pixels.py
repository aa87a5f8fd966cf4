"""The pixels of a decoded image, at the size for the model."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat

from functions.serialize_image.model_pixels import TILE_SIDE, model_pixels
from tests.images.formats import encode, noise, scene


def decoded(image: Image.Image, image_format: str = "PNG") -> Image.Image:
    return Image.open(BytesIO(encode(image, image_format)))


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference a channel, of 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.parametrize("size", [(256, 256), (TILE_SIDE + 1, TILE_SIDE), (1, 200)])
def test_small_image_keeps_every_pixel(size: tuple[int, int]) -> None:
    assert noise(*size).tobytes() == model_pixels(decoded(noise(*size)), size).tobytes()


def test_small_transparent_image_keeps_every_opaque_pixel() -> None:
    image = noise(200, 200).convert("RGBA")
    assert noise(200, 200).tobytes() == model_pixels(decoded(image), (200, 200)).tobytes()


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((1600, 1200), (341, 256)), ((1601, 1203), (341, 256)), ((520, 2600), (154, 768))],
)
def test_large_image_looks_as_if_scaled_at_once(
    size: tuple[int, int], wanted: tuple[int, int]
) -> None:
    pixels = model_pixels(decoded(scene(*size)), wanted)
    assert difference(scene(*size).resize(wanted, Image.Resampling.BICUBIC), pixels) < 1.5


def test_large_transparent_image_looks_as_if_put_on_white_first() -> None:
    image = scene(1601, 1203)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    on_white = Image.new("RGB", image.size, "white")
    on_white.paste(image, mask=image)
    pixels = model_pixels(decoded(image), (341, 256))
    assert difference(on_white.resize((341, 256), Image.Resampling.BICUBIC), pixels) < 1.5


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "I;16"])
def test_tiles_of_any_mode_join_without_an_edge(mode: str) -> None:
    pixels = model_pixels(decoded(Image.new("L", (2000, 1500), 0).convert(mode)), (341, 256))
    assert Image.new("RGB", pixels.size).tobytes() == pixels.tobytes()
