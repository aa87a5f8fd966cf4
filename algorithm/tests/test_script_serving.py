"""Serve with the functions of script mode."""

import json
from pathlib import Path

import pytest

from algorithm import model
from algorithm.refusals import Refusal
from algorithm.script_serving import (
    Prediction,
    input_fn,
    is_verbose,
    model_fn,
    output_fn,
    predict_fn,
)

IMAGE = "application/x-image"


def predict(model_dir: Path, body: bytes, content_type: str = IMAGE) -> Prediction | Refusal:
    return predict_fn(input_fn(body, content_type), model_fn(str(model_dir)))


def answer(model_dir: Path, body: bytes, accept: str) -> object:
    text, content_type = output_fn(predict(model_dir, body), accept)
    assert "application/json" == content_type
    return json.loads(text)


def test_answer_is_that_of_the_built_in_algorithm(model_dir: Path, columns: bytes) -> None:
    expected = model.load(model_dir).classify(columns)
    assert expected == answer(model_dir, columns, "application/json")


def test_verbose_answer_has_the_digest_and_an_embedding(
    model_dir: Path, columns: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_DIGEST", "sha256:1")

    found = answer(model_dir, columns, "application/json;verbose=true")

    assert isinstance(found, dict)
    assert model.load(model_dir).classify(columns) == found["probabilities"]
    assert "sha256:1" == found["model_digest"]
    assert 64 == len(found["embedding"])


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json; Verbose=TRUE", True),
        ("application/json;charset=utf-8;verbose=true", True),
        ("application/json;verbose=false", False),
        ("application/json", False),
        ("*/*", False),
    ],
)
def test_accept_header_asks_for_the_verbose_answer(accept: str, expected: bool) -> None:
    assert expected == is_verbose(accept)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [(b"no image", IMAGE, 400), (b"", IMAGE, 400), (b"1,2", "text/csv", 415)],
)
def test_request_that_is_not_an_image_is_the_clients_error(
    model_dir: Path, body: bytes, content_type: str, status: int
) -> None:
    refused = predict(model_dir, body, content_type)
    assert isinstance(refused, Refusal)
    assert status == refused.status
