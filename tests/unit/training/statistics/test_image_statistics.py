"""Each statistic reacts to its own change of real photos."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageFilter

from training.statistics.image_statistics import STATISTICS, image_statistics

PHOTOS = sorted((Path(__file__).parents[4] / "examples/photos/test/truck").iterdir())[:20]


def measured(
    change: Callable[[Image.Image], Image.Image] = lambda image: image,
) -> dict[str, float]:
    """The mean of each statistic over the photos."""
    rows = []
    for path in PHOTOS:
        file = io.BytesIO()
        change(Image.open(path).convert("RGB")).save(file, "PNG")
        rows.append(image_statistics(file.getvalue()))
    return {name: sum(row[name] for row in rows) / len(rows) for name in STATISTICS}


@pytest.fixture(scope="module")
def usual() -> dict[str, float]:
    return measured()


def test_brightness_falls_in_the_dark_as_the_light_does(usual: dict[str, float]) -> None:
    dark = measured(lambda image: ImageEnhance.Brightness(image).enhance(0.5))
    assert usual["brightness"] / 2 == pytest.approx(dark["brightness"], abs=0.01)


def test_sharpness_falls_with_blur_and_not_in_the_dark(usual: dict[str, float]) -> None:
    blurred = measured(lambda image: image.filter(ImageFilter.GaussianBlur(1)))
    dark = measured(lambda image: ImageEnhance.Brightness(image).enhance(0.5))
    assert blurred["sharpness"] < usual["sharpness"] - 0.5
    assert usual["sharpness"] == pytest.approx(dark["sharpness"], abs=0.1)


def test_light_from_above_changes_its_sign_upside_down(usual: dict[str, float]) -> None:
    turned = measured(lambda image: image.transpose(Image.Transpose.ROTATE_180))
    assert -usual["light from above"] == pytest.approx(turned["light from above"], abs=1e-3)


def test_light_and_edges_turn_with_the_image(usual: dict[str, float]) -> None:
    turned = measured(lambda image: image.transpose(Image.Transpose.ROTATE_90))
    assert usual["light from above"] == pytest.approx(turned["light from the left"], abs=1e-3)
    assert 1 - usual["edge direction"] == pytest.approx(turned["edge direction"], abs=1e-2)


def test_size_and_aspect_are_those_of_the_image() -> None:
    wide = measured(lambda image: image.resize((64, 16)))
    assert 32.0 == wide["size"]
    assert pytest.approx(1.386, abs=1e-3) == wide["aspect"]


def test_an_image_of_one_colour_has_statistics_too() -> None:
    assert 0.0 == measured(lambda image: Image.new("RGB", image.size))["contrast"]
