"""The promise of a threshold, on answers of a model whose true precision is known."""

import json
from pathlib import Path

import numpy as np

from benchmarks.redrawing import Answers, divide, draw, read_answers
from training.statistics.precision_guarantee import PrecisionGuarantee


def answers(images: int, seed: int) -> Answers:
    """Of a calibrated model of three classes: an image is of a class as often as the model says."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([0.15] * 3, images)
    return Answers(
        probabilities, (probabilities.cumsum(axis=1) < rng.random((images, 1))).sum(axis=1)
    )


def test_promise_is_broken_on_the_test_images_hardly_more_often_than_its_risk() -> None:
    draws = draw(
        answers(1_000, 0), answers(4_000, 1), PrecisionGuarantee(0.95, 0.95), seed=0, draws=60
    )
    assert (
        draws.kept > 51
    )  # at a risk of 0.05, nine or more of 60 are broken with a probability of 0.004


def test_no_answer_is_calibrated_by_and_tested_in_one_division() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        first, second = divide(50, 20, rng)
        assert 20 == len(first)
        assert list(range(50)) == sorted([*first, *second])


def test_threshold_is_no_better_than_it_must_be() -> None:
    told = draw(
        answers(1_000, 0), answers(4_000, 1), PrecisionGuarantee(0.9, 0.95), seed=0, draws=10
    ).told()
    assert told["coverage"] > told["coverage_at_guess"]


def test_answers_are_read_as_evaluate_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "test_answers.jsonl"
    kept = {"image": {"key": "a.png", "label": 1}, "probabilities": [0.2, 0.8]}
    path.write_text(f"{json.dumps({'model': 'sha256:1'})}\n{json.dumps(kept)}\n")
    read = read_answers(path)
    assert [[0.2, 0.8]] == read.probabilities.tolist()
    assert [1] == read.labels.tolist()


def test_too_few_calibration_images_accept_nothing() -> None:
    told = draw(
        answers(40, 0), answers(100, 1), PrecisionGuarantee(0.99, 0.95), seed=0, draws=2
    ).told()
    assert 0 == told["coverage"]
    assert 2 == told["without_threshold"]
    assert 0 == told["kept"]
