"""Check the precision guarantee on answers of a model of known precision."""

import json
from pathlib import Path

import numpy as np

from benchmarks.redrawing import Answers, divide, draw, read_answers
from training.statistics.precision_guarantee import PrecisionGuarantee


def answers(images: int, seed: int) -> Answers:
    """Return answers of a calibrated model: an image has a class with the answered probability."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([0.15] * 3, images)
    return Answers(
        probabilities, (probabilities.cumsum(axis=1) < rng.random((images, 1))).sum(axis=1)
    )


def test_guarantee_fails_on_the_test_images_about_as_often_as_its_risk() -> None:
    draws = draw(
        answers(1_000, 0), answers(4_000, 1), PrecisionGuarantee(0.95, 0.95), seed=0, draws=60
    )
    assert (
        draws.met > 51
    )  # at a risk of 0.05, nine or more of 60 are broken with a probability of 0.004


def test_parts_of_a_division_have_no_answer_in_common() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        first, second = divide(50, 20, rng)
        assert 20 == len(first)
        assert list(range(50)) == sorted([*first, *second])


def test_threshold_accepts_more_than_the_default() -> None:
    data = draw(
        answers(1_000, 0), answers(4_000, 1), PrecisionGuarantee(0.9, 0.95), seed=0, draws=10
    ).as_data()
    assert data["coverage"] > data["coverage_at_default"]


def test_answers_of_evaluate_are_read(tmp_path: Path) -> None:
    path = tmp_path / "test_answers.jsonl"
    answer = {"image": {"key": "a.png", "label": 1}, "probabilities": [0.2, 0.8]}
    path.write_text(f"{json.dumps({'model': 'sha256:1'})}\n{json.dumps(answer)}\n")
    read = read_answers(path)
    assert [[0.2, 0.8]] == read.probabilities.tolist()
    assert [1] == read.labels.tolist()


def test_too_few_calibration_images_accept_nothing() -> None:
    data = draw(
        answers(40, 0), answers(100, 1), PrecisionGuarantee(0.99, 0.95), seed=0, draws=2
    ).as_data()
    assert 0 == data["coverage"]
    assert 2 == data["without_threshold"]
    assert 0 == data["met"]
