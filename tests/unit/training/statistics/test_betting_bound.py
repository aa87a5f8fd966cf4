import numpy as np
import pytest

from training.statistics.betting_bound import (
    State,
    downward_capital,
    lower_bound,
    more_needed,
    upper_bound,
    upward_capital,
    watch,
)


def test_capital_of_one_right_label_is_the_mean_of_nine_bets() -> None:
    # (1 + c (1 - p) / p) for c = 0.1 ... 0.9 has the mean 1 + 0.5 * 0.25 at p = 0.8.
    assert pytest.approx(1.125) == np.exp(upward_capital(1, 0, 0.8))


def test_capital_of_one_wrong_label_is_the_mean_of_nine_bets() -> None:
    assert pytest.approx(0.5) == np.exp(upward_capital(0, 1, 0.8))
    mean_bet = np.mean([0.01, 0.02, 0.04, 0.07, 0.1, 0.2, 0.35, 0.6, 0.9])
    assert pytest.approx(1 + mean_bet * 4) == np.exp(downward_capital(0, 1, 0.8))
    assert pytest.approx(1 - mean_bet) == np.exp(downward_capital(1, 0, 0.8))


def test_three_right_labels_exclude_small_precisions_alone() -> None:
    # The capital reaches 20 where the mean of (1 + c x)^3 does, with x = (1 - p) / p.
    bound = float(lower_bound(3, 0))
    odds = (1 - bound) / bound
    assert pytest.approx(20) == np.mean([(1 + c * odds) ** 3 for c in np.arange(1, 10) / 10])
    assert 0.1 < bound < 0.3


def test_no_label_excludes_nothing() -> None:
    assert (0.0, 1.0) == watch([]).bounds
    assert State.NOT_YET == watch([]).state(0.95)
    assert pytest.approx(0) == lower_bound(0, 0)
    assert pytest.approx(1) == upper_bound(0, 0)


def test_bounds_enclose_the_share_and_never_widen() -> None:
    labels = np.random.default_rng(1).random(400) < 0.9
    watched = watch(labels)
    lower, upper = watched.bounds
    assert lower < labels.mean() < upper
    assert (np.diff(watched.lower) >= 0).all()
    assert (np.diff(watched.upper) <= 0).all()


def test_guarantee_is_confirmed_by_right_labels_and_alarmed_by_wrong_ones() -> None:
    assert State.CONFIRMED == watch([True] * 100).state(0.95)
    assert State.NOT_YET == watch([True] * 10).state(0.95)
    assert State.ALARM == watch([False] * 10).state(0.95)


def test_alarm_outlives_an_earlier_confirmation() -> None:
    labels = [True] * 100 + [False] * 100
    assert State.CONFIRMED == watch(labels[:100]).state(0.95)
    assert State.ALARM == watch(labels).state(0.95)


DRAWS, LABELS = 400, 800


@pytest.fixture(scope="module")
def draws() -> np.ndarray:
    """Uniform numbers (draws, labels): a label is right where its number is below a precision."""
    return np.random.default_rng(2).random((DRAWS, LABELS))


def ever(draws: np.ndarray, precision: float, capital: object, target: float) -> float:
    """Return the share of draws in which the capital reaches 20 at any look."""
    right = (draws < precision).cumsum(axis=1)
    wrong = np.arange(1, LABELS + 1) - right
    assert callable(capital)
    return float((capital(right, wrong, target) >= np.log(20)).any(axis=1).mean())


def test_broken_guarantee_is_confirmed_in_at_most_five_percent_of_all_looks(
    draws: np.ndarray,
) -> None:
    # 0.05 plus 1.64 standard errors of 400 draws
    assert ever(draws, 0.949, upward_capital, 0.95) <= 0.068


def test_kept_guarantee_is_alarmed_in_at_most_five_percent_of_all_looks(draws: np.ndarray) -> None:
    assert ever(draws, 0.951, downward_capital, 0.95) <= 0.068


def test_better_precision_is_confirmed_and_worse_precision_is_alarmed(draws: np.ndarray) -> None:
    assert ever(draws, 0.98, upward_capital, 0.95) >= 0.95
    assert ever(draws, 0.90, downward_capital, 0.95) >= 0.95


def test_labels_that_are_missing_follow_from_the_share_so_far() -> None:
    missing = more_needed(98, 2, 0.95)
    assert missing is not None
    right = 98 + round(missing * 99 / 101)
    assert lower_bound(right, 100 + missing - right) == pytest.approx(0.95, abs=0.003)


@pytest.mark.parametrize(("right", "wrong", "expected"), [(200, 0, 0), (90, 10, None)])
def test_no_label_is_missing_once_confirmed_and_none_helps_below_the_target(
    right: int, wrong: int, expected: int | None
) -> None:
    assert expected == more_needed(right, wrong, 0.95)


def test_first_labels_are_estimated_as_if_all_were_right() -> None:
    missing = more_needed(0, 0, 0.95)
    assert missing is not None
    assert State.CONFIRMED == watch([True] * missing).state(0.95)
