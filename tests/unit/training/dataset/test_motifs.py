"""Near-duplicates by perceptual hash."""

import random
from collections.abc import Callable
from dataclasses import replace

from functions.serialize_image.perceptual_hash import SAME_MOTIF_BITS, hamming_distance
from training.dataset.motifs import Motifs
from training.dataset.preparation import PreparedImage


def flipped(image_hash: str, bits: list[int]) -> str:
    return f"{int(image_hash, 16) ^ sum(1 << bit for bit in bits):016x}"


def test_all_and_only_images_within_the_distance_are_found(
    prepared: Callable[..., PreparedImage],
) -> None:
    draw = random.Random(0)
    base = f"{draw.getrandbits(64):016x}"
    hashes = [flipped(base, draw.sample(range(64), count)) for count in (0, 1, 2, 3, 4, 5, 6) * 40]
    images = [replace(prepared(str(n)), image_hash=one) for n, one in enumerate(hashes)]
    motifs = Motifs()
    for image in images:
        motifs.add(image)
    wanted = replace(prepared("wanted"), image_hash=base)
    assert [
        image for image in images if hamming_distance(image.image_hash, base) <= SAME_MOTIF_BITS
    ] == motifs.near(wanted)


def test_image_without_a_hash_has_no_near_duplicate(
    prepared: Callable[..., PreparedImage],
) -> None:
    motifs = Motifs()
    motifs.add(prepared("a"))
    assert [] == motifs.near(prepared("b"))


def test_near_duplicates_are_in_the_order_of_their_addition(
    prepared: Callable[..., PreparedImage],
) -> None:
    # A set of the places 7 and 8 yields 8 first.
    hashes = [f"{random.Random(number).getrandbits(64):016x}" for number in range(7)]
    images = [
        replace(prepared(str(n)), image_hash=one)
        for n, one in enumerate([*hashes, "0" * 16, "0" * 16])
    ]
    motifs = Motifs()
    for image in images:
        motifs.add(image)
    assert images[7:] == motifs.near(replace(prepared("wanted"), image_hash="0" * 16))
