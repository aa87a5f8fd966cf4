"""Measure both models of the loop on the same photos."""

import json
from pathlib import Path

import pytest

from examples.demo_loop.figures import Figures, Model, figures, read_answers
from training.dataset.answer import Answer
from training.dataset.dataset import StagedImage

CARD = {"labels": ["automobile", "other", "truck"], "other_class": "other", "temperature": 1.0}


def answer(name: str, label: int, *probabilities: float) -> Answer:
    return Answer(StagedImage(f"test/{name}.png", label), probabilities, 1.0, "AllTraffic")


MODEL = Model(
    [
        answer("a", 0, 0.9, 0.05, 0.05),
        answer("b", 2, 0.9, 0.05, 0.05),
        answer("c", 2, 0.3, 0.1, 0.6),
        answer("d", 1, 0.02, 0.96, 0.02),
    ],
    CARD,
)


def test_negative_examples_are_never_accepted() -> None:
    assert Figures(4, 3, 2, 1, has_guarantee=False) == figures(MODEL, MODEL.keys)


def test_only_common_photos_count() -> None:
    found = figures(MODEL, {"a", "c"})
    assert 2 == found.photos
    assert 0.5 == found.coverage
    assert 1.0 == found.precision


def test_threshold_of_the_card_decides() -> None:
    strict = Model(MODEL.answers, CARD | {"recommended_threshold": 0.95})
    found = figures(strict, MODEL.keys)
    assert found.has_guarantee
    assert found.precision is None


def test_stored_answers_are_read(tmp_path: Path) -> None:
    lines = [{"endpoint": "scones"}, *(one.as_data() for one in MODEL.answers)]
    text = "\n".join(json.dumps(line) for line in lines)
    (tmp_path / "test_answers.jsonl").write_text(text, encoding="utf-8")
    assert list(MODEL.answers) == read_answers(tmp_path)


def test_shares_are_of_all_photos() -> None:
    found = Figures(photos=200, right=150, accepted=100, accepted_right=95, has_guarantee=True)
    assert 0.75 == found.accuracy
    assert 0.5 == found.coverage
    assert pytest.approx(0.95) == found.precision
