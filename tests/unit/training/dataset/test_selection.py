"""Duplicates, contradictions and large classes."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import pytest

from training.dataset.preparation import PreparedImage
from training.dataset.selection import LeftOut, balance, oversample, select_distinct


def test_a_copy_is_left_out_once_for_each_time(prepared: Callable[..., PreparedImage]) -> None:
    kept, left_out = select_distinct([prepared("1", path=path) for path in ("c", "a", "b")])
    assert ["a"] == [file.path for file in kept]
    assert [
        LeftOut("b", "duplicate", "the same as a"),
        LeftOut("c", "duplicate", "the same as a"),
    ] == left_out


def test_a_copy_across_splits_goes_out_of_training_never_out_of_test(
    prepared: Callable[..., PreparedImage],
) -> None:
    kept, _ = select_distinct(
        [prepared("1", split=split) for split in ("train", "test", "validation")]
    )
    assert ["test"] == [file.split for file in kept]


def test_a_copy_of_a_validation_image_goes_out_of_training(
    prepared: Callable[..., PreparedImage],
) -> None:
    kept, _ = select_distinct([prepared("1", split=split) for split in ("train", "validation")])
    assert ["validation"] == [file.split for file in kept]


def test_the_same_content_under_two_labels_is_left_out_altogether(
    prepared: Callable[..., PreparedImage],
) -> None:
    kept, left_out = select_distinct(
        [prepared("1", "car", path="a"), prepared("1", "truck", path="b")]
    )
    assert [] == kept
    assert [("a", "contradiction"), ("b", "contradiction")] == [
        (item.path, item.reason) for item in left_out
    ]
    assert "labelled car (a), truck (b)" == left_out[0].explanation


def test_a_large_class_is_cut_to_the_ratio(prepared: Callable[..., PreparedImage]) -> None:
    files = [prepared(f"c{number}") for number in range(9)] + [
        prepared(f"t{number}", "truck") for number in range(4)
    ]
    kept, left_out = balance(files, Fraction("1.5"), seed=0)
    labels = [file.label for file in kept]
    assert 6 == labels.count("car")
    assert 4 == labels.count("truck")
    assert 3 == len(left_out)
    assert (
        LeftOut(left_out[0].path, "surplus", "car has 9 images, the smallest class allows 6")
        == left_out[0]
    )


def test_few_negative_examples_retain_every_real_image_and_many_are_limited(
    prepared: Callable[..., PreparedImage],
) -> None:
    files = [prepared(f"c{number}") for number in range(8)] + [
        prepared(f"t{number}", "truck") for number in range(8)
    ]
    for negative_examples, expected in ((2, 18), (20, 28)):
        others = [prepared(f"o{number}", "other") for number in range(negative_examples)]
        assert expected == len(balance(files + others, Fraction("1.5"), 0, "other")[0])


def test_a_test_split_of_the_source_is_not_cut(prepared: Callable[..., PreparedImage]) -> None:
    files = [prepared("c1"), prepared("t1", "truck")]
    given = [prepared(f"g{number}", split="test") for number in range(9)]
    kept, left_out = balance(files + given, Fraction(1), seed=0)
    assert 11 == len(kept)
    assert [] == left_out


def test_which_images_are_cut_depends_on_the_seed_and_not_on_the_order(
    prepared: Callable[..., PreparedImage],
) -> None:
    files = [prepared(f"c{number}") for number in range(40)] + [prepared("t", "truck")]

    def kept(seed: int, step: int) -> set[str]:
        return {file.digest for file in balance(files[::step], Fraction(9), seed)[0]}

    assert kept(0, 1) == kept(0, -1) != kept(1, 1)


def test_without_a_ratio_every_image_is_kept(prepared: Callable[..., PreparedImage]) -> None:
    files = [prepared(f"c{number}") for number in range(9)] + [prepared("t", "truck")]
    assert (files, []) == balance(files, None, seed=0)


@pytest.mark.parametrize("ratio", ["1", "3/2", "4", "100"])
@pytest.mark.parametrize("sizes", [(9, 9), (70, 7), (40, 13, 1)])
def test_small_classes_are_repeated_evenly_up_to_the_ratio(
    ratio: str, sizes: tuple[int, ...], prepared: Callable[..., PreparedImage]
) -> None:
    files = [
        prepared(f"{label}-{number}", str(label))
        for label, size in enumerate(sizes)
        for number in range(size)
    ]
    entries = oversample(files, Fraction(ratio), seed=0)
    assert {*files} == {*entries}

    listed = Counter(file.label for file in entries)
    assert max(sizes) == max(listed.values()) <= Fraction(ratio) * min(listed.values())
    times = Counter(entries)
    for label, size in enumerate(sizes):
        own = [count for file, count in times.items() if file.label == str(label)]
        assert max(own) - min(own) <= 1
        assert (1 < max(own)) == (size < max(sizes) / Fraction(ratio))


def test_order_of_repeated_images_depends_on_the_seed_alone(
    prepared: Callable[..., PreparedImage],
) -> None:
    files = [prepared(f"c{number}") for number in range(20)] + [prepared("t", "truck")]
    first = oversample(files, Fraction(1), seed=0)
    assert first == oversample(files[::-1], Fraction(1), seed=0)
    assert first != oversample(files, Fraction(1), seed=1)
    labels = [file.label for file in first]
    assert labels != sorted(labels)
    assert "truck" in labels[:10]
