"""Which reviews become labelled images, and in which split."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from training.dataset.dataset import SPLITS
from training.dataset.reviews import (
    NO_CLASS,
    OLDER,
    THINNED,
    UNKNOWN_CLASS,
    UNUSABLE,
    ChosenReviews,
    RecordedReviews,
    Review,
    Rules,
    choose_reviews,
)
from training.dataset.source import Reason

SHARES = dict(zip(SPLITS, (Fraction(7, 10), *[Fraction(1, 10)] * 3), strict=True))
RULES = Rules(("car", "truck"), None, SHARES, seed=0)


def review(number: int = 0, *, drawn: bool = False, probability: float = 0.2) -> Review:
    return Review(
        image_url=f"s3://images/uploads/{number}.png",
        version="v",
        verdict="CLASS",
        label="car",
        recorded_at="2030-01-02T03:04:05.678Z",
        reviewed_at=f"2030-01-01T{number:06}",
        drawn=drawn,
        probability=probability,
    )


def chosen(*reviews: Review, rules: Rules = RULES) -> ChosenReviews:
    return choose_reviews(RecordedReviews(reviews), rules, lambda _url, _version: bytes)


def audits(count: int, probability: float = 0.2, start: int = 0) -> list[Review]:
    return [
        review(number, drawn=True, probability=probability)
        for number in range(start, start + count)
    ]


def paths(made: ChosenReviews, split: str) -> set[str]:
    return {image.path for image in made.images if image.split == split}


def test_uncertain_image_trains() -> None:
    [image] = chosen(review()).images
    assert "train" == image.split
    assert Reason.REVIEW == image.reason


def test_audits_calibrate_and_test_and_never_train() -> None:
    made = chosen(*audits(100))
    assert {Reason.AUDIT} == {image.reason for image in made.images}
    assert {"calibration", "test"} == {image.split for image in made.images}


def test_audits_are_divided_by_the_shares_of_calibration_and_test() -> None:
    shares = SHARES | {"calibration": Fraction(3, 10), "test": Fraction(1, 10)}
    made = chosen(*audits(2000), rules=replace(RULES, shares=shares))
    # 5 standard deviations of a share of 0.75 among 2,000 are 0.048
    assert 0.75 == pytest.approx(len(paths(made, "calibration")) / 2000, abs=0.048)


def test_audit_stays_in_its_split_when_more_reviews_arrive() -> None:
    first, second = chosen(*audits(50)), chosen(*audits(200), review(300))
    assert paths(first, "test") == {
        path for path in paths(second, "test") if path in paths(first, "test")
    }
    assert not paths(first, "calibration") & paths(second, "test")


def test_order_of_reading_changes_nothing() -> None:
    reviews = [*audits(20), review(30), review(31)]
    listed: list[Sequence[str]] = [
        [image.path for image in chosen(*some).images] for some in (reviews, reviews[::-1])
    ]
    assert listed[0] == listed[1]


def test_another_seed_divides_audits_in_another_way() -> None:
    other = chosen(*audits(50), rules=replace(RULES, seed=1))
    assert paths(chosen(*audits(50)), "test") != paths(other, "test")


def test_image_of_no_class_is_a_negative_example() -> None:
    none = replace(review(), verdict="NONE_OF_THESE", label=None, drawn=True)
    rules = replace(RULES, classes=("car", "other", "truck"), other_class="other")
    [image] = chosen(none, rules=rules).images
    assert "other" == image.label
    assert image.split in ("calibration", "test")


def test_image_of_no_class_is_left_out_of_a_dataset_without_negative_examples() -> None:
    none = replace(review(), verdict="NONE_OF_THESE", label=None, drawn=True)
    made = chosen(none, review(1))
    assert [NO_CLASS] == [one.reason for one in made.left_out]
    assert 1 == made.audits_of_no_class


def test_unusable_image_is_left_out() -> None:
    made = chosen(replace(review(), verdict="NOT_USABLE", label=None))
    assert [UNUSABLE] == [one.reason for one in made.left_out]


@pytest.mark.parametrize("label", ["van", "", None, "a/b"])
def test_class_that_the_dataset_lacks_is_left_out_by_name(label: str | None) -> None:
    [left_out] = chosen(replace(review(), label=label)).left_out
    assert UNKNOWN_CLASS == left_out.reason
    assert f"labelled {label}, which is not a class of the dataset" == left_out.explanation


def test_audits_of_one_share_all_stay() -> None:
    assert 100 == len(chosen(*audits(100, 0.01)).images)


def thinned(made: ChosenReviews) -> set[str]:
    return {one.path for one in made.left_out if one.reason == THINNED}


def test_audits_of_a_larger_share_are_thinned_to_the_smaller_one() -> None:
    made = chosen(*audits(4000, 0.2), *audits(3500, 0.05, start=4000))
    assert 0.05 == made.probability
    assert {f"{one.path}" for one in audits(3500, start=4000)} <= paths(made, "test") | paths(
        made, "calibration"
    )
    # a quarter of the others stays; 5 standard deviations of that share among 4,000 are 0.034
    assert 0.75 == pytest.approx(len(thinned(made)) / 4000, abs=0.034)


def test_few_audits_of_a_smaller_share_do_not_thin_many_of_a_larger_one() -> None:
    few = audits(3, 0.001, start=900)
    made = chosen(*audits(200, 0.2), *few)
    assert 0.2 == made.probability
    assert {one.path for one in few} == thinned(made)


def test_probability_depends_on_no_label() -> None:
    reviews = [*audits(60, 0.2), *audits(20, 0.05, start=60)]
    unusable = [replace(one, verdict="NOT_USABLE", label=None) for one in reviews[30:]]
    assert chosen(*reviews).probability == chosen(*reviews[:30], *unusable).probability


def test_older_audits_do_not_count() -> None:
    old = [replace(one, recorded_at="2029-12-31T23:59:59.999Z") for one in audits(9)]
    uncertain = replace(review(100), recorded_at="2029-12-31T23:59:59.999Z")
    rules = replace(RULES, audits_since=date(2030, 1, 1))
    made = chosen(*old, uncertain, *audits(2, 0.01, start=50), rules=rules)
    assert {OLDER} == {one.reason for one in made.left_out}
    assert 0.01 == made.probability
    assert 3 == len(made.images)


def test_audit_of_the_first_day_counts() -> None:
    rules = replace(RULES, audits_since=date(2030, 1, 2))
    assert 1 == len(chosen(*audits(1), rules=rules).images)


def test_audit_that_a_small_share_keeps_is_kept_by_every_larger_one() -> None:
    kept = [
        {image.path for image in chosen(*audits(500), *audits(900, share, 999)).images}
        & {one.path for one in audits(500)}
        for share in (0.02, 0.05, 0.1)
    ]
    assert kept[0] < kept[1] < kept[2]


def test_thinning_does_not_depend_on_the_split() -> None:
    made = chosen(*audits(4000, 0.2), *audits(4000, 0.1, 4000))
    share = len(paths(made, "test")) / len(made.images)
    # 5 standard deviations of a half among 6,000 are 0.033
    assert 0.5 == pytest.approx(share, abs=0.033)
