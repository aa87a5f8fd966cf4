import json
import math
from typing import Any

import pytest

from functions.classify_image.prediction import InvalidPredictionError, calibrate, parse_answer


@pytest.mark.parametrize("body", [b"[0.92, 0.08]", b"[0.9201, 0.0801]", b" [9.2e-1, 8e-2]\n"])
def test_parse_prediction_probabilities_keep_their_order(body: bytes) -> None:
    first, second = parse_answer(body).checked(2)
    assert 0.92 == round(first, 3)
    assert 0.08 == round(second, 3)


def test_parse_prediction_whole_numbers_become_floats() -> None:
    assert ["1.0", "0.0"] == [str(value) for value in parse_answer(b"[1, 0]").checked(2)]


@pytest.mark.parametrize(
    "body", [b"", b"truck", b"\xff\xd8\xff", b"[0.92, 0.08", b"<html>", b"[" * 60_000]
)
def test_parse_prediction_no_json_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidPredictionError, match="did not answer JSON"):
        parse_answer(body).checked(2)


@pytest.mark.parametrize(
    "body", [b"null", b"0.92", b"{}", b'{"truck": 1}', b"[]", b"[1]", b"[0.5, 0.3, 0.2]", b'"ab"']
)
def test_parse_prediction_other_shape_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidPredictionError, match="a list of 2 probabilities"):
        parse_answer(body).checked(2)


@pytest.mark.parametrize(
    "body",
    [
        b"[NaN, 1]",
        b"[Infinity, 0]",
        b"[-0.5, 1.5]",
        b"[0.5, 0.4]",
        b"[0.6, 0.5]",
        b"[0, 0]",
        b"[true, false]",
        b'["0.9", "0.1"]',
        b"[[0.9], [0.1]]",
        b"[null, 1]",
        b"[1" + b"0" * 400 + b", 0]",
    ],
)
def test_parse_prediction_no_probabilities_are_invalid(body: bytes) -> None:
    with pytest.raises(InvalidPredictionError, match="numbers from 0 to 1"):
        parse_answer(body).checked(2)


def test_parse_prediction_huge_answer_is_invalid_and_not_repeated() -> None:
    with pytest.raises(InvalidPredictionError) as caught:
        parse_answer(b"[" + b"0.1, " * 20_000 + b"0.1]")
    assert len(str(caught.value)) < 300


def test_parse_prediction_error_names_the_answer() -> None:
    with pytest.raises(InvalidPredictionError, match="Internal Server Error"):
        parse_answer(b"Internal Server Error")


@pytest.mark.parametrize("probabilities", [(0.92, 0.08), (0.8, 0.2), (0.1, 0.2, 0.7), (1.0, 0.0)])
def test_calibrate_temperature_one_changes_nothing(probabilities: tuple[float, ...]) -> None:
    assert probabilities == calibrate(probabilities, 1.0)


def test_calibrate_follows_the_formula() -> None:
    weights = [0.9 ** (1 / 1.5), 0.1 ** (1 / 1.5)]
    assert round(weights[0] / sum(weights), 12) == calibrate((0.9, 0.1), 1.5)[0]


def test_calibrate_answer_that_is_a_little_off_sums_to_one() -> None:
    assert math.isclose(1, sum(calibrate((0.905, 0.1), 1.0)))


@pytest.mark.parametrize("temperature", [1e-320, 1e-3, 100.0])
def test_calibrate_extreme_temperature_still_gives_probabilities(temperature: float) -> None:
    assert math.isclose(1, sum(calibrate((0.5, 0.3, 0.2), temperature)))


DIGEST = f"sha256:{'0123456789abcdef' * 4}"
VERBOSE = {"probabilities": [0.25, 0.75], "model_digest": DIGEST, "embedding": [0.5] * 64}


def test_verbose_answer_names_its_model_and_has_an_embedding() -> None:
    answer = parse_answer(json.dumps(VERBOSE).encode())
    assert DIGEST == answer.model_digest
    assert [0.5] * 64 == list(answer.embedding or ())
    assert [0.25, 0.75] == list(answer.checked(2))


def test_short_answer_names_no_model() -> None:
    answer = parse_answer(b"[0.25, 0.75]")
    assert answer.model_digest is None
    assert answer.embedding is None


@pytest.mark.parametrize(
    "changes",
    [
        {"model_digest": None},
        {"model_digest": "0123"},
        {"model_digest": f"{DIGEST}0"},
        {"model_digest": DIGEST.upper()},
        {"more": 1},
        {"embedding": None},
        {"embedding": [0.5] * 63},
        {"embedding": [0.5] * 65},
        {"embedding": ["0.5"] * 64},
        {"embedding": [True] * 64},
        {"embedding": [math.nan] * 64},
        {"embedding": [-math.inf] * 64},
        {"embedding": [10**400] * 64},
        {"probabilities": [0.25]},
        {"probabilities": [0.25, 0.8]},
        {"probabilities": {"truck": 1}},
        {"probabilities": None},
    ],
)
def test_other_verbose_answer_is_invalid(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidPredictionError):
        parse_answer(json.dumps(VERBOSE | changes).encode()).checked(2)


@pytest.mark.parametrize("member", VERBOSE)
def test_verbose_answer_without_a_member_is_invalid(member: str) -> None:
    rest = {name: value for name, value in VERBOSE.items() if name != member}
    with pytest.raises(InvalidPredictionError):
        parse_answer(json.dumps(rest).encode()).checked(2)
