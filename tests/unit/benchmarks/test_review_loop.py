"""Judge the figures of the review loop, and run one small round of it."""

import numpy as np
import pytest

from algorithm.head import Head
from benchmarks import review_rounds
from benchmarks.features import Photos
from benchmarks.review_loop import LOOP, NAIVE, ONE, PANEL, TRUTH, Row, reached
from benchmarks.review_rounds import Gate, Loop, Measured, reviewed, reviewers_of, standing

KEPT = Measured(accuracy=0.9, coverage=0.7, precision=0.96)
BROKEN = Measured(accuracy=0.9, coverage=0.9, precision=0.94)
REFUSED = Measured(accuracy=0.9, coverage=None, precision=None, conflict=True)


def rows(found: dict[str, list[Measured]]) -> list[Row]:
    good = {LOOP: [KEPT], NAIVE: [BROKEN], ONE: [REFUSED], PANEL: [KEPT], TRUTH: [KEPT]}
    return [
        Row(way, draw, None, one)
        for way, own in (good | found).items()
        for draw, one in enumerate(own)
    ]


def missed(**found: list[Measured]) -> int:
    names = {"loop": LOOP, "naive": NAIVE, "panel": PANEL}
    bounds = reached(rows({names[name]: own for name, own in found.items()}))
    return list(bounds.values()).count(False)


def test_draw_without_a_threshold_does_not_keep_the_guarantee() -> None:
    assert not REFUSED.is_kept
    assert not BROKEN.is_kept
    assert KEPT.is_kept


def test_expected_figures_reach_every_bound() -> None:
    assert 0 == missed()


def test_guarantee_may_be_broken_in_two_of_forty_draws() -> None:
    assert 0 == missed(loop=[KEPT] * 38 + [BROKEN] * 2)
    assert 1 == missed(loop=[KEPT] * 37 + [BROKEN] * 3)


def test_naive_mix_must_break_the_guarantee() -> None:
    assert 1 == missed(naive=[KEPT])


def test_two_and_a_third_need_a_threshold_and_a_coverage() -> None:
    assert 1 == missed(panel=[KEPT] * 37 + [REFUSED] * 3)
    assert 1 == missed(panel=[Measured(accuracy=0.9, coverage=0.6, precision=0.97)])


def test_second_and_third_answer_remove_most_errors() -> None:
    truth = np.zeros(500, dtype=np.int64)
    answers = reviewed(truth, np.full((500, 10), 0.1), True, reviewers_of(0, 0.046))
    first = standing([one[:1] for one in answers])
    assert 10 < np.count_nonzero(first) < 45
    assert np.count_nonzero(standing(answers)) < 8


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    monkeypatch.setattr(review_rounds, "START", 100)
    monkeypatch.setattr(review_rounds, "ARRIVALS", 200)
    chance = np.random.default_rng(0)
    photos = Photos(chance.random((800, 8), dtype=np.float32), chance.integers(10, size=800))
    return Loop(photos, photos.features, seed=0)


def unsure() -> Gate:
    return Gate(Head(np.zeros((8, 10), np.float32), np.zeros(10, np.float32)))


def test_audits_calibrate_and_never_train(loop: Loop) -> None:
    before = set(loop.labels["calibration"])
    loop._review(loop.arrivals[0], unsure())
    audits = set(loop.labels["calibration"]) - before
    assert 8 < len(audits) < 36  # half of the 20 % that are drawn
    assert audits.isdisjoint(loop.labels["train"])
    assert all(loop._is_drawn(place) for place in audits)


def test_naive_mix_calibrates_with_uncertain_photos(loop: Loop) -> None:
    loop.naive = True
    loop._review(loop.arrivals[0], unsure())
    uncertain = set(loop.labels["train"]) & set(loop.arrivals[0].tolist())
    assert uncertain
    assert uncertain <= set(loop.labels["calibration"])


def test_photos_of_all_parts_are_different(loop: Loop) -> None:
    start = [place for places in loop.labels.values() for place in places]
    parts = np.concatenate([start, *loop.arrivals, loop.held_out])
    assert 800 == len(set(parts.tolist()))
