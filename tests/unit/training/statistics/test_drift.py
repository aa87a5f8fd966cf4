"""Find drift, and rarely report drift without a cause."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
from scipy.stats import hypergeom

from training.statistics.acceptance import NEVER
from training.statistics.drift import CLASSES, Comparison, compare, counted, holm, measured
from training.statistics.sample import Decisions, Sample

NAMES = ("car", "truck")
REFERENCE = 2_000  # images
LONG = partial(pytest.param, marks=pytest.mark.long)


def sample(
    draw: np.random.Generator, size: int, cars: float = 0.5, brightness: float = 0.5
) -> Sample:
    classes = [NAMES[int(draw.random() > cars)] for _ in range(size)]
    statistics = {name: draw.normal(0, 1, size).tolist() for name in ("contrast", "sharpness")}
    statistics["brightness"] = draw.normal(brightness, 0.1, size).tolist()
    return Sample(Decisions(classes, draw.beta(5, 1, size).tolist()), statistics)


def of(reviewed: int, whole: int) -> Counter[str]:
    return Counter(review=reviewed, accepted=whole - reviewed)


def drifted(reference: Sample, recent: Sample) -> list[str]:
    return [
        one.name for one in compare(reference, recent, dict.fromkeys(NAMES, 0.8)) if one.drifted
    ]


@pytest.mark.parametrize("comparisons", [20, LONG(200)])
def test_compare_of_samples_drawn_alike_finds_something_in_at_most_5_percent(
    comparisons: int,
) -> None:
    draw = np.random.default_rng(0)
    alarms = [bool(drifted(sample(draw, 1000), sample(draw, 500))) for _ in range(comparisons)]
    assert sum(alarms) <= comparisons / 20


@pytest.mark.parametrize("comparisons", [10, LONG(40)])
@pytest.mark.parametrize(
    ("change", "name"), [({"cars": 0.65}, CLASSES), ({"brightness": 0.45}, "brightness")]
)
def test_compare_finds_a_drift_of_500_images_in_95_percent(
    change: dict[str, float], name: str, comparisons: int
) -> None:
    draw = np.random.default_rng(1)
    found = [
        name in drifted(sample(draw, 1000), sample(draw, 500, **change)) for _ in range(comparisons)
    ]
    assert sum(found) >= 0.95 * comparisons


def test_compare_leaves_out_statistics_of_too_few_images() -> None:
    draw = np.random.default_rng(2)
    recent = Sample(Decisions(), sample(draw, 50).statistics)
    names = {one.name for one in compare(sample(draw, 100), recent, {})}
    assert {"brightness", "contrast", "sharpness"} == names


@pytest.mark.parametrize(
    ("p_values", "found"),
    [
        ((0.003, 0.005, 0.010), "abc"),  # the limits are 0.01 / 3, 0.01 / 2, 0.01
        ((0.004, 0.005, 0.010), ""),
        (
            (0.003, 0.006, 0.009),
            "a",
        ),  # all tests after the first failure fail too
    ],
)
def test_holm_goes_down_the_family_until_one_does_not_pass(
    p_values: tuple[float, ...], found: str
) -> None:
    family = [Comparison(name, "t", 0.0, p, 9, 9) for name, p in zip("abc", p_values, strict=True)]
    assert found == "".join(one.name for one in holm(family, 0.01) if one.drifted)


def test_measured_of_equal_constants_is_no_drift() -> None:
    assert 0.0 == measured("size", [32] * 100, [32] * 60).distance
    assert 1.0 == measured("size", [32] * 9, [32] * 9).p_value


def test_counted_puts_rare_classes_together() -> None:
    common = {"car": 500, "truck": 500}
    rare = {f"rare {number}": 1 for number in range(5)}
    other = {f"other {number}": 1 for number in range(5)}
    assert counted("c", Counter(common | rare), Counter(common | other)).p_value > 0.9


def test_counted_of_one_class_is_no_drift() -> None:
    assert 1.0 == counted("c", Counter(car=100), Counter(car=60)).p_value


@pytest.mark.parametrize("level", [0.01, 0.001])
@pytest.mark.parametrize("recent", [50, LONG(100), LONG(200)])
def test_count_statistic_rarely_gives_a_false_alarm(recent: int, level: float) -> None:
    for reviewed in (3, 20, 200, 1000):  # of both samples; how many are in the recent one is chance
        alarms = [
            counted("c", of(reviewed - k, REFERENCE), of(k, recent)).p_value <= level
            for k in range(min(reviewed, recent) + 1)
        ]
        chances = hypergeom.pmf(range(len(alarms)), REFERENCE + recent, reviewed, recent)
        assert chances[alarms].sum() <= level


@pytest.mark.parametrize(
    ("recent", "tables"), [(100, 100), LONG(50, 500), LONG(100, 500), LONG(200, 500)]
)
def test_counted_of_rare_classes_calls_without_drift_in_2_percent_at_most(
    recent: int, tables: int
) -> None:
    draw = np.random.default_rng(0)
    drawn = (draw.multinomial((REFERENCE, recent), (0.9, 0.05, 0.03, 0.02)) for _ in range(tables))
    pairs = (
        [Counter(dict(zip("abcd", row.tolist(), strict=True))) for row in table] for table in drawn
    )
    assert sum(counted("c", *pair).p_value <= 0.01 for pair in pairs) <= 0.02 * tables


def test_counted_puts_rare_classes_that_are_too_few_together_with_the_smallest_other() -> None:
    rare = (
        Counter(car=1_000, bus=700, truck=297, tram=2, cart=1),
        Counter(car=25, bus=15, truck=7, tram=1, cart=2),
    )
    merged = Counter(car=1_000, bus=700, truck=300), Counter(car=25, bus=15, truck=10)
    assert counted("c", *merged).p_value == counted("c", *rare).p_value


def test_counted_of_a_rare_class_that_becomes_common_is_drift() -> None:
    assert counted("c", of(20, REFERENCE), of(10, 50)).p_value < 1e-6


def test_review_share_uses_one_threshold_rounded_as_in_the_reference() -> None:
    reference, recent = (
        Decisions(["car"] * 60, [confidence] * 60) for confidence in (0.9313, 0.93127)
    )
    assert 0 == reference.reviewed({"car": 0.93129}) == recent.reviewed({"car": 0.93129})


def test_reviewed_counts_what_is_below_the_threshold_of_its_class() -> None:
    decisions = Decisions(["car", "car", "truck", "other"], [0.8, 0.79, 0.6, 1.0])
    assert 2 == decisions.reviewed({"car": 0.8, "truck": 0.5, "other": NEVER})
