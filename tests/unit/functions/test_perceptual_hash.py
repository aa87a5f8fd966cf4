from io import BytesIO
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from functions.serialize_image.image_preparation import prepare_image
from functions.serialize_image.perceptual_hash import (
    SAME_MOTIF_BITS,
    hamming_distance,
    perceptual_hash,
)

PHOTOS = Path(__file__).parents[3] / "examples" / "photos"
SMALL = sorted(PHOTOS.glob("test/truck/*.webp"))[:40]


def opened(photo: Path) -> Image.Image:
    with Image.open(photo) as image:
        return image.convert("RGB")


def saved(image: Image.Image, image_format: str, **options: int) -> bytes:
    file = BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


def prepared_hash(data: bytes) -> str:
    return prepare_image(data).image_hash


def test_photos_of_these_tests_exist() -> None:
    assert 40 == len(SMALL)


def test_hash_is_sixteen_hexadecimal_digits() -> None:
    image_hash = perceptual_hash(opened(SMALL[0]))
    assert 16 == len(image_hash)
    assert image_hash == f"{int(image_hash, 16):016x}"


@pytest.mark.parametrize("quality", [75, 85, 95])
def test_photo_saved_as_jpeg_is_the_same_motif(quality: int) -> None:
    for photo in SMALL:
        image = opened(photo)
        again = saved(image, "JPEG", quality=quality)
        distance = hamming_distance(perceptual_hash(image), prepared_hash(again))
        assert distance <= SAME_MOTIF_BITS, photo


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_photo_of_another_size_is_the_same_motif(scale: float) -> None:
    for photo in SMALL:
        image = opened(photo)
        size = (round(image.width * scale), round(image.height * scale))
        scaled = saved(image.resize(size, Image.Resampling.BICUBIC), "PNG")
        distance = hamming_distance(perceptual_hash(image), prepared_hash(scaled))
        assert distance <= SAME_MOTIF_BITS, photo


def test_large_photo_and_its_small_copy_are_the_same_motif() -> None:
    photo = PHOTOS / "large" / "truck" / "truck-0.jpg"
    with Image.open(photo) as image:
        image.draft(None, (640, 480))
        small = image.convert("RGB")
        exif = image.getexif()
    file = BytesIO()
    small.save(file, "WEBP", quality=80, exif=exif)

    hashes = prepared_hash(photo.read_bytes()), prepared_hash(file.getvalue())
    assert hamming_distance(*hashes) <= SAME_MOTIF_BITS


def test_other_photos_of_the_same_class_are_other_motifs() -> None:
    hashes = [perceptual_hash(opened(photo)) for photo in SMALL]
    assert min(hamming_distance(*pair) for pair in combinations(hashes, 2)) > SAME_MOTIF_BITS


def test_even_surfaces_have_one_hash_whatever_the_colour_and_size() -> None:
    surfaces = [("white", (64, 64)), ("#03c84d", (10, 50)), ("black", (1, 1))]
    hashes = {perceptual_hash(Image.new("RGB", size, colour)) for colour, size in surfaces}
    assert {"8000000000000000", "0000000000000000"} >= hashes


def test_distance_counts_the_bits_that_differ() -> None:
    assert 0 == hamming_distance("00000000000000ff", "00000000000000ff")
    assert 64 == hamming_distance("0000000000000000", "ffffffffffffffff")
    assert 3 == hamming_distance("0000000000000007", "0000000000000000")
