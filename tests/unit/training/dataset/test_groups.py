"""Images that belong together stay in one split."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from training.dataset.groups import members, with_groups, without_leaks
from training.dataset.preparation import PreparedImage
from training.dataset.selection import LeftOut

type Make = Callable[..., PreparedImage]

# Each hash differs from the one before it in 4 bits, so `a` and `c` differ in 8.
HASHES = {"a": "00000000ffffffff", "b": "0000000fffffffff", "c": "000000ffffffffff"}


def image(make: Make, digest: str, image_hash: str = "", **members: str) -> PreparedImage:
    return replace(make(digest), image_hash=image_hash, **members)  # type: ignore[arg-type]


def digests(groups: list[list[PreparedImage]]) -> list[list[str]]:
    return sorted(sorted(one.digest for one in group) for group in groups)


def test_near_duplicates_of_near_duplicates_are_one_group(prepared: Make) -> None:
    images = [image(prepared, digest, image_hash) for digest, image_hash in HASHES.items()]
    images.append(image(prepared, "d", "5555555555555555"))
    assert [["a", "b", "c"], ["d"]] == digests(members(with_groups(images)))


def test_groups_do_not_depend_on_the_order(prepared: Make) -> None:
    images = [image(prepared, digest, image_hash) for digest, image_hash in HASHES.items()]
    images += [image(prepared, "d", group="x"), image(prepared, "e", group="x")]
    shuffled = random.Random(0).sample(images, len(images))
    assert sorted(with_groups(images), key=lambda one: one.digest) == sorted(
        with_groups(shuffled), key=lambda one: one.digest
    )


def test_images_of_one_named_group_belong_together(prepared: Make) -> None:
    images = [
        image(prepared, digest, group=group) for digest, group in zip("abc", "xyx", strict=True)
    ]
    assert [["a", "c"], ["b"]] == digests(members(with_groups(images)))


def test_named_group_takes_the_near_duplicates_of_its_images_along(prepared: Make) -> None:
    images = [
        image(prepared, "a", HASHES["a"], group="x"),
        image(prepared, "b", HASHES["b"]),
        image(prepared, "c", group="x"),
    ]
    assert [["a", "b", "c"]] == digests(members(with_groups(images)))


def test_motifs_can_be_ignored(prepared: Make) -> None:
    images = [image(prepared, digest, image_hash) for digest, image_hash in HASHES.items()]
    assert [["a"], ["b"], ["c"]] == digests(members(with_groups(images, motifs=False)))


@pytest.mark.parametrize("image_hash", ["0000000000000000", "8000000000000000", ""])
def test_even_surfaces_have_no_motif(image_hash: str, prepared: Make) -> None:
    images = [image(prepared, digest, image_hash) for digest in "ab"]
    assert [["a"], ["b"]] == digests(members(with_groups(images)))


def test_image_whose_near_duplicate_is_held_out_is_left_out(prepared: Make) -> None:
    images = [
        image(prepared, "a", HASHES["a"]),
        image(prepared, "b", HASHES["b"], split="test"),
        image(prepared, "c", "5555555555555555"),
    ]
    clean, left_out = without_leaks(with_groups(images))
    assert ["b", "c"] == [one.digest for one in clean]
    why = "in one group with b.webp in test"
    assert [LeftOut("a.webp", "near-duplicate", why)] == left_out


def test_near_duplicates_in_one_split_all_stay(prepared: Make) -> None:
    images = [image(prepared, digest, HASHES["a"], split="test") for digest in "ab"]
    assert [] == without_leaks(with_groups(images))[1]
