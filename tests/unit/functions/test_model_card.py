import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from functions.classify_image.model_card import (
    DEFAULT_THRESHOLD,
    InvalidModelCardError,
    ModelCard,
    ModelCardAccessDeniedError,
    ModelCardNotFoundError,
    ModelCardUnavailableError,
    OtherModelError,
    asks_verbose,
    card_error,
    parse_model_card,
)

VARIANT = "AllTraffic"


def card(**changes: Any) -> str:
    return json.dumps(
        {"labels": ["automobile", "truck"], "temperature": 1.37, "metrics": {}} | changes
    )


def test_parse_model_card_keeps_labels_and_temperature() -> None:
    assert ModelCard(("automobile", "truck"), 1.37) == parse_model_card(card(), VARIANT)


def test_parse_model_card_of_another_variant_is_never_used() -> None:
    with pytest.raises(
        OtherModelError, match="challenger answered, but the model card is for AllTraffic"
    ):
        parse_model_card(card(variant="AllTraffic"), "challenger")


@pytest.mark.parametrize(("variant", "temperature"), [("AllTraffic", 1.37), ("challenger", 2.0)])
def test_parse_model_card_follows_the_variant(variant: str, temperature: float) -> None:
    challenger = {"labels": ["truck", "automobile"], "temperature": 2.0, "variant": "challenger"}
    text = card(variant="AllTraffic", variants={"challenger": challenger})
    assert temperature == parse_model_card(text, variant).temperature


def test_card_without_thresholds_recommends_the_default_threshold() -> None:
    old = parse_model_card(card(recommended_threshold=None), VARIANT)
    assert DEFAULT_THRESHOLD == old.threshold("truck")
    assert () == old.review_classes


def test_card_names_the_model_that_decides() -> None:
    assert "sha256:0123" == parse_model_card(card(model_digest="sha256:0123"), VARIANT).model_digest


def test_card_written_before_cards_named_their_model_stays_valid() -> None:
    assert "unknown" == parse_model_card(card(), VARIANT).model_digest


@pytest.mark.parametrize("digest", ["", 1, ["sha256:0123"], "x" * 101])
def test_wrong_model_digest_is_invalid(digest: Any) -> None:
    with pytest.raises(InvalidModelCardError, match="model_digest"):
        parse_model_card(card(model_digest=digest), VARIANT)


def test_class_has_its_own_threshold_or_the_one_of_all() -> None:
    mixed = parse_model_card(
        card(recommended_threshold=0.9, class_thresholds={"truck": 0.7}), VARIANT
    )
    assert 0.7 == mixed.threshold("truck")
    assert 0.9 == mixed.threshold("automobile")


def test_negative_and_unguaranteed_classes_are_for_review() -> None:
    labels = ["automobile", "other", "truck"]
    text = card(labels=labels, other_class="other", class_thresholds={"truck": None, "other": None})
    told = parse_model_card(text, VARIANT)
    assert ("other", "truck") == told.review_classes


@pytest.mark.parametrize(
    "changes",
    [
        {"recommended_threshold": 1.1},
        {"recommended_threshold": 1e-7},
        {"recommended_threshold": True},
        {"class_thresholds": {"truck": "0.8"}},
        {"class_thresholds": {"bus": 0.8}},
        {"class_thresholds": [0.8]},
        {"other_class": "bus"},
        {"other_class": ["truck"]},
    ],
)
def test_parse_model_card_impossible_thresholds_are_invalid(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidModelCardError, match=r"threshold|other_class"):
        parse_model_card(card(**changes), VARIANT)


@pytest.mark.parametrize("text", ["", "truck", "{", "[" * 100_000])
def test_parse_model_card_not_json_is_invalid(text: str) -> None:
    with pytest.raises(InvalidModelCardError, match="not JSON"):
        parse_model_card(text, VARIANT)


@pytest.mark.parametrize("text", ["[]", "null", '"card"', "1"])
def test_parse_model_card_no_object_is_invalid(text: str) -> None:
    with pytest.raises(InvalidModelCardError, match="JSON object"):
        parse_model_card(text, VARIANT)


@pytest.mark.parametrize(
    "labels", [None, "truck", [], ["truck"], ["truck", "truck"], ["truck", ""], ["truck", 1], {}]
)
def test_parse_model_card_wrong_labels_are_invalid(labels: Any) -> None:
    with pytest.raises(InvalidModelCardError, match="labels"):
        parse_model_card(card(labels=labels), VARIANT)


@pytest.mark.parametrize(
    "temperature", [None, 0, -1, True, "1", float("nan"), float("inf"), 10**400, [1]]
)
def test_parse_model_card_wrong_temperature_is_invalid(temperature: Any) -> None:
    with pytest.raises(InvalidModelCardError, match="temperature"):
        parse_model_card(card(temperature=temperature), VARIANT)


def test_card_error_missing_parameter_is_not_found() -> None:
    cause = ClientError({"Error": {"Code": "ParameterNotFound"}}, "GetParameter")
    assert ModelCardNotFoundError is type(card_error("/cards/one", cause))


def test_card_error_forbidden_parameter_is_permanent() -> None:
    cause = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetParameter")
    assert ModelCardAccessDeniedError is type(card_error("/cards/one", cause))


@pytest.mark.parametrize(
    "cause",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "GetParameter"),
        ReadTimeoutError(endpoint_url="http://127.0.0.1"),
        None,
    ],
)
def test_card_error_anything_else_is_unavailable(cause: Exception | None) -> None:
    assert ModelCardUnavailableError is type(card_error("/cards/one", cause))


OURS = {"model_digest": "sha256:01", "embedding_space": "first"}
NEXT = {"model_digest": "sha256:02", "embedding_space": "second"}
BUILT_IN = {"model_digest": "sha256:03", "embedding_space": None}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (OURS, True),
        (OURS | {"next": NEXT}, True),
        (OURS | {"variants": {"b": OURS}}, True),
        ({}, False),
        (BUILT_IN, False),
        (OURS | {"next": BUILT_IN}, False),
        (OURS | {"variants": {"b": BUILT_IN}}, False),
        (BUILT_IN | {"next": OURS}, False),
        (OURS | {"next": None}, False),
        (OURS | {"variants": {"b": None}}, False),
    ],
)
def test_verbose_answers_are_asked_where_every_model_gives_them(
    changes: dict[str, Any], expected: bool
) -> None:
    assert expected == asks_verbose(card(**changes))


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 9_000, "null"])
def test_text_that_is_no_card_asks_for_no_verbose_answer(text: str) -> None:
    assert not asks_verbose(text)


@pytest.mark.parametrize("model", [OURS, NEXT])
def test_answer_of_the_next_model_names_that_model(model: dict[str, str]) -> None:
    found = parse_model_card(card(**OURS, next=NEXT), VARIANT, digest=model["model_digest"])
    assert model["model_digest"] == found.model_digest
    assert model["embedding_space"] == found.embedding_space
    assert 1.37 == found.temperature


def test_answer_of_a_variant_has_the_digest_of_its_own_card() -> None:
    other = {"labels": ["automobile", "truck"], "temperature": 2.0, **NEXT}
    text = card(variant="AllTraffic", **OURS, variants={"b": other})
    assert 2.0 == parse_model_card(text, "b", digest="sha256:02").temperature
    with pytest.raises(OtherModelError, match="sha256:02 answered"):
        parse_model_card(text, "AllTraffic", digest="sha256:02")


@pytest.mark.parametrize("digest", ["sha256:04", None])
def test_answer_of_another_model_is_never_read(digest: str | None) -> None:
    with pytest.raises(OtherModelError, match=r"the model card is for sha256:01\. Deploy"):
        parse_model_card(card(**OURS, next=NEXT), VARIANT, digest=digest)


@pytest.mark.parametrize("space", ["", 1, "a:b", "x" * 33, ["a"]])
def test_wrong_embedding_space_is_invalid(space: Any) -> None:
    with pytest.raises(InvalidModelCardError, match="embedding_space"):
        parse_model_card(
            card(model_digest="sha256:01", embedding_space=space), VARIANT, digest="sha256:01"
        )
