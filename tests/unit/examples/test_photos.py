from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

PHOTOS = Path(__file__).parents[3] / "examples/photos"
SPLITS = {"train": 200, "validation": 100, "calibration": 200, "test": 100}
CLASSES = ("automobile", "truck")


def pixels(split: str) -> set[bytes]:
    return {Image.open(path).tobytes() for path in (PHOTOS / split).glob("*/*.webp")}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("split", SPLITS)
def test_split_has_as_many_images_of_each_class_as_the_readme_says(split: str, name: str) -> None:
    assert SPLITS[split] == len(list((PHOTOS / split / name).glob("*.webp")))


@pytest.mark.parametrize(("one", "other"), list(combinations(SPLITS, 2)))
def test_splits_share_no_image(one: str, other: str) -> None:
    assert set() == pixels(one) & pixels(other)


def test_photos_have_all_four_orientations() -> None:
    orientations = []
    for path in sorted((PHOTOS / "large").glob("*/*.jpg")):
        with Image.open(path) as photo:
            assert (4032, 3024) == photo.size
            orientations.append(photo.getexif()[0x0112])
    assert [1, 6, 3, 8] == orientations


def test_sample_images_are_at_most_5_mb() -> None:
    assert 5_000_000 >= sum(path.stat().st_size for path in PHOTOS.rglob("*") if path.is_file())
