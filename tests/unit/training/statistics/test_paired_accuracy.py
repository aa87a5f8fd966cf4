"""The paired test: exact, and right about models that are better, equal and worse."""

from math import comb

import numpy as np
import pytest
from scipy.stats import binomtest

from training.statistics.paired_accuracy import Comparison

IMAGES = 2_000


def compared(seed: int, challenger: float, champion: float) -> Comparison:
    """Two models of these accuracies, which are right independently of each other."""
    chance = np.random.default_rng(seed)
    return Comparison.of(
        *((chance.random(IMAGES) < accuracy).tolist() for accuracy in (challenger, champion))
    )


@pytest.mark.parametrize(
    ("won", "lost"), [(0, 0), (1, 0), (5, 0), (12, 5), (5, 12), (130, 100), (1500, 1400)]
)
def test_p_value_is_that_of_the_binomial_test(won: int, lost: int) -> None:
    expected = binomtest(won, won + lost, alternative="greater").pvalue if won + lost else 1
    assert Comparison(10_000, won, lost).p_value == pytest.approx(expected, rel=1e-9)


def test_images_that_both_or_neither_get_right_do_not_count() -> None:
    challenger, champion = [True, True, False, False], [True, False, True, False]
    assert Comparison(4, 1, 1) == Comparison.of(challenger, champion)


@pytest.mark.parametrize("lost", [0, 1, 2, 7, 39, 300, 9_000])
def test_needed_images_are_the_smallest_sufficient_number(lost: int) -> None:
    needed = Comparison(IMAGES, 0, lost).needed
    assert [False, True] == [
        Comparison(IMAGES, won, lost).is_better for won in (needed - 1, needed)
    ]


def test_needed_images_of_ten_thousand_match_exact_arithmetic() -> None:
    needed, lost = Comparison(10_000, 50, 500).needed, 500
    # Twenty times the ways to lose no more, against all ways: whole numbers of a thousand bits.
    ways = [
        20 * sum(comb(won + lost, count) for count in range(lost + 1))
        for won in (needed - 1, needed)
    ]
    assert [False, True] == [
        way <= 1 << (won + lost) for way, won in zip(ways, (needed - 1, needed), strict=True)
    ]


@pytest.mark.parametrize("apart", [0, 4, 5, 40, 300])
def test_equal_models_pass_at_most_one_of_twenty_comparisons(apart: int) -> None:
    likely = [comb(apart, won) / 2**apart for won in range(apart + 1)]
    taken = sum(p for won, p in enumerate(likely) if Comparison(IMAGES, won, apart - won).is_better)
    assert taken <= 0.05


def test_a_better_model_is_shown_to_be_better_with_every_seed() -> None:
    assert all(compared(seed, 0.95, 0.9).is_better for seed in range(20))


def test_a_worse_model_is_never_shown_to_be_better() -> None:
    assert not any(compared(seed, 0.88, 0.9).is_better for seed in range(20))


def test_the_interval_covers_the_true_difference_in_nineteen_of_twenty_comparisons() -> None:
    intervals = [compared(seed, 0.92, 0.9).interval for seed in range(200)]
    assert (
        sum(low <= 0.02 <= high for low, high in intervals) >= 186
    )  # 190 are expected, 186 are 1.3 deviations fewer


def test_the_needed_number_of_images_shows_the_difference() -> None:
    small = Comparison(500, 22, 15)
    assert small.images_needed
    times = small.images_needed / small.images
    assert [False, True] == [
        Comparison(round(500 * more), round(22 * more), round(15 * more)).is_better
        for more in (0.8 * times, 1.2 * times)
    ]


def test_no_number_of_images_shows_a_difference_that_is_not_there() -> None:
    assert Comparison(500, 15, 15).images_needed is None
