import pytest

from training.statistics.agreement import agreement


def test_agreement_of_a_known_table() -> None:
    # Cohen (1960): kappa = (0.7 - 0.5) / (1 - 0.5)
    pairs = [("a", "a")] * 35 + [("b", "b")] * 35 + [("a", "b")] * 15 + [("b", "a")] * 15
    found = agreement(pairs)
    assert 100 == found.n
    assert pytest.approx(0.7) == found.share
    assert pytest.approx(0.4) == found.kappa


def test_agreement_of_chance_has_a_kappa_of_zero() -> None:
    found = agreement([(one, other) for one in "ab" for other in "ab"] * 10)
    assert pytest.approx(0) == found.kappa
    assert found.kappa_interval is not None
    low, high = found.kappa_interval
    assert low < 0 < high


def test_raters_who_always_gave_one_answer_have_no_kappa() -> None:
    found = agreement([("a", "a")] * 5)
    assert 1 == found.share
    assert found.kappa is None
    assert found.kappa_interval is None


def test_few_equal_answers_do_not_prove_a_kappa_of_one() -> None:
    found = agreement([("a", "a"), ("b", "b")])
    assert 1 == found.kappa
    assert found.kappa_interval is not None
    assert found.kappa_interval[0] < 0.5


def test_answers_without_class_are_answers() -> None:
    assert 0 == agreement([(("CLASS", "a"), ("NOT_USABLE", None))]).share
