"""Measure both models of the loop on the same photos."""

import json
from pathlib import Path

import pytest

from examples.demo_loop.figures import Model, figures, read_answers
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
    found = figures(MODEL, MODEL.keys)
    assert 2 == found.accepted  # a and b
    assert 1 == found.accepted_right
    assert 3 == found.right


def test_coverage_counts_photos_that_belong_to_a_class() -> None:
    found = figures(MODEL, MODEL.keys)
    assert 3 == found.real
    assert 2 == found.covered


def test_only_common_photos_count() -> None:
    found = figures(MODEL, {"a", "c"})
    assert 2 == found.photos
    assert 1 == found.accepted


def test_threshold_of_the_card_decides() -> None:
    strict = Model(MODEL.answers, CARD | {"recommended_threshold": 0.95})
    found = figures(strict, MODEL.keys)
    assert found.has_guarantee
    assert 0 == found.accepted


def test_stored_answers_are_read(tmp_path: Path) -> None:
    lines = [{"endpoint": "scones"}, *(one.as_data() for one in MODEL.answers)]
    text = "\n".join(json.dumps(line) for line in lines)
    (tmp_path / "test_answers.jsonl").write_text(text, encoding="utf-8")
    assert list(MODEL.answers) == read_answers(tmp_path)


def test_accuracy_is_of_all_photos() -> None:
    assert pytest.approx(0.75) == figures(MODEL, MODEL.keys).accuracy
