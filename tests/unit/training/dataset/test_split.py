"""Stratified splits."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from training.dataset.dataset import SPLITS, TooFewImagesError
from training.dataset.preparation import PreparedImage
from training.dataset.split import Splits, apportion, balanced, draw_splits

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


@pytest.mark.parametrize("ratio", [None, 1, 2, 5])
def test_balance_changes_the_training_split_alone(
    ratio: int | None, prepared: Callable[..., PreparedImage]
) -> None:
    drawn = draw(prepared, 200, 20)
    limited, left_out = balanced(drawn, None if ratio is None else Fraction(ratio), seed=0)
    for split in set(SPLITS) - {"train"}:
        assert drawn.images[split] == limited.images[split]
    assert {"car": min(140, 14 * (ratio or 10)), "truck": 14} == limited.counts()["train"]
    paths = {image.path for image in drawn.images["train"]}
    assert paths == {image.path for image in limited.images["train"]} | {
        one.path for one in left_out
    }


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


@pytest.mark.parametrize("sizes", [(1,) * 20, (2,) * 10, (8, 3, 3, 2, 1, 1, 1, 1), (5, 3, 1, 1)])
def test_groups_stay_together_and_no_split_is_empty(
    sizes: tuple[int, ...], prepared: Callable[..., PreparedImage]
) -> None:
    files = [
        replace(prepared(f"{label}{group}-{number}", label), group=f"{label}{group}")
        for label in LABELS
        for group, size in enumerate(sizes)
        for number in range(size)
    ]
    splits = draw_splits(files, LABELS, SHARES, seed=0)
    assert 2 * len(sizes) == sum(splits.groups().values())
    assert 2 * sum(sizes) == sum(map(len, splits.images.values()))


def test_single_images_go_to_empty_splits_first(prepared: Callable[..., PreparedImage]) -> None:
    shares = dict(zip(SPLITS, map(Fraction, ("0.7", "0.05", "0.05", "0.2")), strict=True))
    files = [
        replace(prepared(f"{group}-{number}"), group=str(group))
        for group, size in enumerate((16, 2, 1, 1))
        for number in range(size)
    ]
    counts = draw_splits(files, ("car",), shares, seed=0).counts()
    assert {"train": 16, "validation": 1, "calibration": 1, "test": 2} == {
        split: count["car"] for split, count in counts.items()
    }


def test_split_of_many_small_groups_has_its_share(
    prepared: Callable[..., PreparedImage],
) -> None:
    files = [replace(prepared(f"c{number}"), group=f"{number // 3}") for number in range(300)]
    counts = draw_splits(files, ("car",), SHARES, seed=0).counts()
    assert all(abs(counts[split]["car"] - 300 * share) <= 3 for split, share in SHARES.items())


def test_group_of_two_classes_is_in_one_split(prepared: Callable[..., PreparedImage]) -> None:
    files = [prepared(f"{label}{number}", label) for label in LABELS for number in range(20)]
    files += [replace(prepared(f"both-{label}", label), group="both") for label in LABELS]
    images = draw_splits(files, LABELS, SHARES, seed=0).images
    assert 1 == len([1 for split in SPLITS if any(one.group == "both" for one in images[split])])


def test_groups_may_all_have_images_of_both_classes(
    prepared: Callable[..., PreparedImage],
) -> None:
    files = [
        replace(prepared(f"{label}{number}", label), group=f"vehicle {number % 5}")
        for label in LABELS
        for number in range(20)
    ]
    splits = draw_splits(files, LABELS, SHARES, seed=0)
    assert {"train": 2, "validation": 1, "calibration": 1, "test": 1} == splits.groups()


def test_class_of_too_few_groups_is_an_error_that_says_so(
    prepared: Callable[..., PreparedImage],
) -> None:
    files = [prepared(f"c{number}") for number in range(20)]
    files += [replace(prepared(f"t{n}", "truck"), group=f"{n % 3}") for n in range(20)]
    message = "truck has 20 training images in 3 groups, too few .* --ignore-motifs"
    with pytest.raises(TooFewImagesError, match=message):
        draw_splits(files, LABELS, SHARES, seed=0)
