import numpy as np
import pytest
from PIL import Image

from algorithm.augmentation import HUE, KINDS, SATURATION, VALUE, Kind, View
from algorithm.pixels import SIDE

DIGEST = bytes(range(32))
ORANGE = (200, 120, 60)


def plain() -> Image.Image:
    """Return a picture of one colour."""
    return Image.new("RGB", (32, 32), ORANGE)


def halves() -> Image.Image:
    """Return a picture that is black on the left and white on the right."""
    return Image.fromarray(
        np.repeat(np.array([[0, 255]], np.uint8), 16, axis=1).repeat(32, axis=0)
    ).convert("RGB")


def views(kind: Kind, picture: Image.Image, count: int = 20) -> list[np.ndarray]:
    return [np.asarray(View(kind, number, 256).of(picture, DIGEST)) for number in range(count)]


@pytest.mark.parametrize("kind", KINDS)
def test_view_has_the_input_size_of_the_backbone(kind: Kind) -> None:
    wide = Image.new("RGB", (300, 40), ORANGE)
    assert (SIDE, SIDE, 3) == views(kind, wide, 1)[0].shape


@pytest.mark.parametrize("kind", KINDS)
def test_view_is_reproducible(kind: Kind) -> None:
    np.testing.assert_array_equal(views(kind, halves(), 3), views(kind, halves(), 3))


@pytest.mark.parametrize("kind", KINDS)
def test_views_of_an_image_differ(kind: Kind) -> None:
    first, second = views(kind, halves(), 2)
    assert (first != second).any()


def test_crop_of_one_colour_has_that_colour() -> None:
    assert all((view == ORANGE).all() for view in views("crop", plain()))


def test_crop_stays_within_the_resized_picture() -> None:
    edges = {
        int((view[0] > 127).argmax(axis=0)[0])
        for view in views("crop", halves(), 40)
        if view[0, 0, 0] < 128
    }
    # Black ends in the middle of 256 pixels, at 128; the crop begins at 0 to 32.
    assert 96 <= min(edges) < 104
    assert 120 < max(edges) <= 128


def test_views_differ_between_resize_values() -> None:
    near, far = (np.asarray(View("crop", 0, resize).of(halves(), DIGEST)) for resize in (448, 256))
    assert (near != far).any()


def test_crop_is_mirrored_in_about_half_of_the_views() -> None:
    mirrored = sum(view[0, 0, 0] > view[0, -1, 0] for view in views("crop", halves()))
    assert 4 <= mirrored <= 16


def test_crop_color_shifts_all_pixels_alike_within_the_ranges() -> None:
    before = np.asarray(plain().convert("HSV"), np.int16)[0, 0]
    for view in views("crop_color", plain()):
        assert (view == view[0, 0]).all()
        shift = np.asarray(Image.fromarray(view).convert("HSV"), np.int16)[0, 0] - before
        hue = (shift[0] + 128) % 256 - 128
        # The conversion to HSV and back changes a colour by a few steps.
        assert (np.abs([hue, *shift[1:]]) <= np.array([HUE, SATURATION, VALUE]) + 3).all()


def test_crop_color_changes_colours() -> None:
    assert len({tuple(view[0, 0].tolist()) for view in views("crop_color", plain())}) > 10


def test_crop_color_transform_turns_the_picture_on_a_white_ground() -> None:
    corners = [
        [view[y, x] for y in (0, -1) for x in (0, -1)]
        for view in views("crop_color_transform", plain(), 10)
    ]
    middles = [view[SIDE // 2, SIDE // 2] for view in views("crop_color_transform", plain(), 10)]
    # White has no hue, but its value may be shifted: the picture needs another colour.
    turned = [
        any((corner != middle).any() for corner in four)
        for four, middle in zip(corners, middles, strict=True)
    ]
    assert any(turned)
