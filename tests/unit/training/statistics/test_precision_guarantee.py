"""Choose a threshold, and check how often its guarantee holds."""

import numpy as np
import pytest

from training.statistics.precision_guarantee import (
    Candidates,
    PrecisionGuarantee,
    accepted_needed,
    precision_bound,
    upper_precision_bound,
)

GUARANTEE = PrecisionGuarantee(0.95, 0.95)


def drawn(rng: np.random.Generator, images: int) -> Candidates:
    """Return candidates of a calibrated model: the confidence is the probability to be right."""
    confidences = rng.beta(8, 1, images)
    return Candidates.of(confidences, rng.random(images) < confidences)


def true_precision(threshold: float) -> float:
    """The mean of confidences at or above the threshold, where their density is 8 c ** 7."""
    return 8 / 9 * (1 - threshold**9) / (1 - threshold**8)


@pytest.mark.parametrize(
    ("right", "accepted", "expected"),
    [(10, 10, 0.7411), (8, 10, 0.4931), (0, 5, 0.0), (299, 299, 0.9900)],
)
def test_precision_bound_is_that_of_clopper_and_pearson(
    right: int, accepted: int, expected: float
) -> None:
    # their tables, one-sided 95 %
    assert expected == pytest.approx(
        float(precision_bound(np.array(right), np.array(accepted), 0.05)), abs=1e-4
    )


def test_fewest_images_are_those_that_all_being_right_are_enough() -> None:
    bounds = precision_bound(np.array([58, 59]), np.array([58, 59]), 0.05)
    assert 59 == GUARANTEE.fewest
    assert [False, True] == list(bounds >= 0.95)


@pytest.mark.parametrize("draws", [60, pytest.param(400, marks=pytest.mark.long)])
def test_guarantee_is_broken_no_more_often_than_its_risk(draws: int) -> None:
    rng = np.random.default_rng(0)
    chosen = [drawn(rng, 1000).choose(GUARANTEE) for _ in range(draws)]
    found = [one.threshold for one in chosen if one]
    broken = sum(true_precision(threshold) < GUARANTEE.precision for threshold in found)
    assert broken <= 0.05 * len(chosen)
    assert len(found) > 0.8 * len(chosen)


def test_choice_reports_accepted_and_right_images() -> None:
    confidences, right = np.linspace(1, 0.01, 100), np.ones(100, dtype=bool)
    choice = Candidates.of(confidences, right).choose(GUARANTEE)
    assert choice is not None
    assert 100 == choice.accepted
    assert 100 == choice.right
    assert 0.01 == pytest.approx(choice.threshold)


def test_candidate_behind_one_that_fails_is_not_looked_at() -> None:
    right = np.ones(2000, dtype=bool)
    right[600:700] = False  # all of them again at 0.95 in the end, had they been looked at
    choice = Candidates.of(np.linspace(1, 0.5, 2000), right).choose(PrecisionGuarantee(0.9, 0.95))
    assert choice is not None
    assert 600 == choice.accepted


def test_strictest_candidate_accepts_a_fifth_of_the_images() -> None:
    candidates = Candidates.of(np.linspace(1, 0.5, 1500), np.ones(1500, dtype=bool))
    assert 300 == candidates.accepted[0]
    assert 17 == len(candidates.accepted)


def test_one_wrong_label_among_the_most_confident_forbids_no_guarantee() -> None:
    right = np.arange(1500) != 3  # one of the 75 that a sequence from 5 % would test first
    choice = Candidates.of(np.linspace(1, 0.5, 1500), right).choose(GUARANTEE)
    assert choice is not None
    assert 1500 == choice.accepted


def test_images_of_equal_confidence_are_accepted_together() -> None:
    assert [200] == list(Candidates.of(np.full(200, 0.9), np.ones(200, dtype=bool)).accepted)


def test_too_few_images_guarantee_nothing() -> None:
    few = Candidates.of(np.linspace(1, 0.9, 50), np.ones(50, dtype=bool))
    assert few.choose(GUARANTEE) is None
    assert 59 / 50 == pytest.approx(few.growth_needed(GUARANTEE) or 0)


def test_model_that_is_never_that_precise_is_not_helped_by_more_images() -> None:
    right = np.arange(1000) % 10 > 0  # nine in ten at any confidence
    candidates = Candidates.of(np.linspace(1, 0.5, 1000), right)
    assert candidates.growth_needed(GUARANTEE) is None
    assert candidates.excludes(GUARANTEE)


def test_precision_is_not_excluded_by_a_few_images_of_which_one_is_wrong() -> None:
    few = Candidates.of(np.linspace(1, 0.9, 20), np.arange(20) > 0)
    assert few.growth_needed(GUARANTEE) is None
    assert not few.excludes(GUARANTEE)


def test_upper_precision_bound_is_that_of_clopper_and_pearson() -> None:
    # their tables, one-sided 95 %: 8 of 10
    assert 0.9632 == pytest.approx(
        float(upper_precision_bound(np.array(8), np.array(10), 0.05)), abs=1e-4
    )


def test_no_predictions_guarantee_nothing() -> None:
    none = Candidates.of(np.empty(0), np.empty(0, dtype=bool))
    assert none.choose(GUARANTEE) is None
    assert none.growth_needed(GUARANTEE) is None


def test_shared_guarantee_leaves_each_part_of_the_risk() -> None:
    assert 0.01 == pytest.approx(GUARANTEE.shared(5).risk)


def test_images_that_are_needed_are_enough() -> None:
    needed = accepted_needed(0.97, GUARANTEE)
    assert needed is not None
    assert precision_bound(np.array(int(0.97 * needed)), np.array(needed), 0.05) >= 0.95
