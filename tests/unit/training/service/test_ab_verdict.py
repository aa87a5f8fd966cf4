"""Whether two shares differ, against values from the literature and from scipy."""

import pytest

from training.service.ab_results import Decided, Result, summarise, verdict
from training.statistics.share_difference import Share, difference, fisher_p


def test_the_interval_is_newcombes() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), p. 873-890, table II: 56/70 - 48/80, method 10.
    found = difference(Share(48, 80), Share(56, 70))
    assert [0.2, 0.0524, 0.3339] == pytest.approx([found.value, *found.interval], abs=1e-4)


@pytest.mark.parametrize(
    ("a", "b", "p"), [((8, 10), (1, 6), 0.0350), ((3, 4), (1, 4), 0.4857), ((5, 10), (5, 10), 1)]
)
def test_the_p_value_is_fishers(a: tuple[int, int], b: tuple[int, int], p: float) -> None:
    assert p == pytest.approx(fisher_p(Share(*a), Share(*b)), abs=1e-4)


def test_many_images_show_what_few_cannot() -> None:
    assert [False, True] == [
        difference(Share(80 * n, 100 * n), Share(88 * n, 100 * n)).significant for n in (1, 10)
    ]


def test_the_same_share_of_a_hundred_thousand_is_no_difference() -> None:
    assert 1.0 == pytest.approx(fisher_p(Share(90_000, 100_000), Share(9_000, 10_000)))


def test_records_are_distinguished_by_their_variant() -> None:
    records = [
        Decided("b", True, 0.9, 300),
        Decided("a", True, 0.8, 100),
        Decided("a", False, 0.6, 200),
    ]
    assert [Result("a", 2, 1, 0.7, 150), Result("b", 1, 1, 0.9, 300)] == summarise(records)


@pytest.mark.parametrize(
    ("accepted", "words"),
    [
        (960, "b accepts more images than a"),
        (900, "These images do not show a difference between a and b"),
    ],
)
def test_the_verdict_is_a_sentence_with_its_figures(accepted: int, words: str) -> None:
    sentence = verdict(Result("a", 1000, 900, 0.9, 100), Result("b", 1000, accepted, 0.9, 100))[
        "sentence"
    ]
    assert sentence.startswith(words)
    assert "n = 1000 and 1000" in sentence
