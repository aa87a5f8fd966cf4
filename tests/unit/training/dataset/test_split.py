"""Stratified splits."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from training.dataset.dataset import SPLITS, TooFewImagesError
from training.dataset.preparation import PreparedImage
from training.dataset.split import Splits, apportion, draw_splits

SHARES = {
    split: Fraction(share)
    for split, share in zip(SPLITS, ("0.7", "0.1", "0.1", "0.1"), strict=True)
}
LABELS = ("car", "truck")


@pytest.mark.parametrize("total", range(60))
def test_parts_are_exact_to_one_image(total: int) -> None:
    parts = apportion(total, SHARES)
    assert total == sum(parts.values())
    assert all(abs(parts[split] - total * share) < 1 for split, share in SHARES.items())


def draw(
    make: Callable[..., PreparedImage], cars: int, trucks: int, seed: int = 0, step: int = 1
) -> Splits:
    files = [make(f"c{number}") for number in range(cars)] + [
        make(f"t{number}", "truck") for number in range(trucks)
    ]
    return draw_splits(files[::step], LABELS, SHARES, seed)


def test_each_split_has_the_proportions_of_the_whole(
    prepared: Callable[..., PreparedImage],
) -> None:
    tenth = {"car": 2, "truck": 1}
    counts = {
        "train": {"car": 14, "truck": 7},
        "validation": tenth,
        "calibration": tenth,
        "test": tenth,
    }
    assert counts == draw(prepared, 20, 10).counts()


def test_the_same_images_give_the_same_splits_in_any_order(
    prepared: Callable[..., PreparedImage],
) -> None:
    assert draw(prepared, 20, 10) == draw(prepared, 20, 10, step=-1)


def test_another_seed_draws_other_splits(prepared: Callable[..., PreparedImage]) -> None:
    tests = [
        {file.digest for file in draw(prepared, 20, 10, seed).images["test"]} for seed in (0, 1)
    ]
    assert tests[0] != tests[1]


def test_classes_are_shuffled_in_a_list(prepared: Callable[..., PreparedImage]) -> None:
    labels = [file.label for file in draw(prepared, 20, 20).images["train"]]
    assert labels not in (sorted(labels), sorted(labels, reverse=True))


def test_no_image_is_in_two_splits(prepared: Callable[..., PreparedImage]) -> None:
    digests = [file.digest for files in draw(prepared, 20, 10).images.values() for file in files]
    assert 30 == len(digests)
    assert 30 == len(set(digests))


def test_a_given_test_split_is_kept_and_validation_is_drawn_from_training(
    prepared: Callable[..., PreparedImage],
) -> None:
    files = [prepared(f"{label}{number}", label) for label in LABELS for number in range(18)]
    given = [prepared(f"g-{label}", label, "test") for label in LABELS]
    splits = draw_splits(files + given, LABELS, SHARES, seed=0)
    assert {"g-car", "g-truck"} == {file.digest for file in splits.images["test"]}
    assert {"car": 2, "truck": 2} == splits.counts()["validation"]


@pytest.mark.parametrize(
    ("real", "other"), [("test", "train"), ("train", "test"), ("test", "test")]
)
def test_negative_examples_are_split_as_their_own_source_is(
    prepared: Callable[..., PreparedImage], real: str, other: str
) -> None:
    labels = (*LABELS, "other")
    files = [prepared(f"{label}{number}", label) for label in labels for number in range(20)]
    given = [prepared(f"g-{label}", label, other if label == "other" else real) for label in labels]
    counts = draw_splits(files + given, labels, SHARES, seed=0, other_class="other").counts()
    assert dict.fromkeys(labels, 21) == {
        label: sum(one[label] for one in counts.values()) for label in labels
    }
    drawn = {
        label: 1 if split == "test" else 2
        for label, split in zip(labels, (real, real, other), strict=True)
    }
    assert drawn == counts["test"]


def test_splits_that_are_all_given_are_kept(prepared: Callable[..., PreparedImage]) -> None:
    files = [prepared(f"{label}{split}", label, split) for label in LABELS for split in SHARES]
    assert {split: {"car": 1, "truck": 1} for split in SHARES} == draw_splits(
        files, LABELS, SHARES, seed=0
    ).counts()


def test_class_that_is_too_small_for_every_split_is_an_error(
    prepared: Callable[..., PreparedImage],
) -> None:
    with pytest.raises(
        TooFewImagesError, match=r"truck has 3 training images, too few .* Use at least 10"
    ):
        draw(prepared, 20, 3)


def test_given_split_without_a_class_is_an_error(prepared: Callable[..., PreparedImage]) -> None:
    files = [prepared(f"{label}{number}", label) for label in LABELS for number in range(20)]
    with pytest.raises(TooFewImagesError, match="truck has no readable image in the test split"):
        draw_splits([*files, prepared("g", "car", "test")], LABELS, SHARES, seed=0)


def test_training_split_without_a_class_is_an_error(prepared: Callable[..., PreparedImage]) -> None:
    files = [prepared("c"), *(prepared(f"g{split}", "truck", split) for split in SPLITS[1:])]
    with pytest.raises(TooFewImagesError, match="truck has no readable training image"):
        draw_splits(files, LABELS, SHARES, seed=0)
