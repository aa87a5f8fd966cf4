"""Keep class names that do not fit into the model card, and read them as the service does."""

import json
import string
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from functions.classify_image import app, prediction
from functions.classify_image.model_card import ModelCard, parse_model_card
from training.models.class_list import (
    ADVANCED_BYTES,
    MAX_CLASSES,
    MAX_PARAMETERS,
    STANDARD_BYTES,
    ClassListError,
    ModelCardTooLargeError,
    class_list_parameters,
    class_list_requests,
    require_room,
    set_aside,
)
from training.models.model_card import (
    ModelArchive,
    earlier_model_cards,
    model_card,
    read_model_card,
    write_model_card,
)
from training.steps.context import Context

ARCHIVE = ModelArchive("sha256:1", None)
NAMES = tuple(f"class number {number}" for number in range(1000))


def random_names(count: int, length: int) -> tuple[str, ...]:
    random = Random(1)
    return tuple("".join(random.choices(string.ascii_lowercase, k=length)) for _ in range(count))


LONG = random_names(1000, 63)


def card_of(names: tuple[str, ...] = NAMES, **members: Any) -> dict[str, Any]:
    return model_card("e", names, 1.3, ARCHIVE, variant="AllTraffic") | members


def write(context: Context, card: dict[str, Any]) -> None:
    write_model_card(context.aws.ssm, context.names, card)


def read(context: Context) -> dict[str, Any] | None:
    return read_model_card(context.aws.ssm, context.names.model_card)


@pytest.fixture
def as_the_service(context: Context, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModelCard]:
    """What classify_image reads with its own code."""
    monkeypatch.setattr(app, "class_lists", lambda: context.aws.ssm)

    def read_card(variant: str = "AllTraffic") -> ModelCard:
        parameter = context.names.model_card
        text = context.aws.ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
        app.read_class_list.cache_clear()
        return app.model_card_of(variant, None, text, parameter)

    return read_card


def stored(context: Context) -> list[str]:
    return list(class_list_parameters(context.aws.ssm, context.names.model_card))


def test_small_card_is_one_parameter_as_before(context: Context) -> None:
    card = card_of(("automobile", "truck"))
    write(context, card)
    text = context.aws.ssm.get_parameter(Name=context.names.model_card)["Parameter"]["Value"]
    assert card == json.loads(text)
    assert [] == stored(context)


@pytest.mark.parametrize("names", [NAMES, LONG], ids=["numbers", "random"])
def test_thousand_classes_are_read_by_training_and_service(
    context: Context, as_the_service: Callable[..., ModelCard], names: tuple[str, ...]
) -> None:
    random = Random(2)
    thresholds = {name: random.choice([random.random(), None]) for name in names}
    card = card_of(names, class_thresholds=thresholds, recommended_threshold=0.9)
    write(context, card)
    assert card == read(context)
    served = as_the_service()
    assert names == served.labels
    assert thresholds == served.class_thresholds


def test_ordinary_names_need_parameters_of_the_free_tier_alone(context: Context) -> None:
    write(context, card_of())
    values = [
        context.aws.ssm.get_parameter(Name=name)["Parameter"]["Value"] for name in stored(context)
    ]
    assert values
    assert max(map(len, values)) <= STANDARD_BYTES


def test_both_variants_of_an_ab_test_keep_their_thresholds(
    context: Context, as_the_service: Callable[..., ModelCard]
) -> None:
    own, other = dict.fromkeys(NAMES, 0.5), dict.fromkeys(NAMES, 0.75)
    challenger = card_of(class_thresholds=other, variant="challenger")
    card = card_of(class_thresholds=own, variants={"challenger": challenger})
    write(context, card)
    assert card == read(context)
    assert own == as_the_service().class_thresholds
    assert other == as_the_service("challenger").class_thresholds


def test_equal_lists_are_stored_once(context: Context) -> None:
    write(context, card_of())
    before = stored(context)
    chosen = card_of(temperature=2.0, recommended_threshold=0.9, class_thresholds=None)
    write(context, chosen)
    assert before == stored(context)
    assert chosen == read(context)


def test_earlier_card_keeps_its_own_list(context: Context) -> None:
    cards = [card_of(class_thresholds=dict.fromkeys(NAMES, share)) for share in (0.5, 0.75)]
    for card in cards:
        write(context, card)
    parameter = context.names.model_card
    found = earlier_model_cards(context.aws.ssm, parameter, lambda _: True)
    assert cards[::-1] == list(found)


def test_missing_part_is_named(context: Context) -> None:
    write(context, card_of(LONG))
    [first, *_] = stored(context)
    context.aws.ssm.delete_parameter(Name=first)
    with pytest.raises(ClassListError, match=f"{first}, which does not exist"):
        read(context)


@pytest.mark.parametrize("value", ["no base64", "aaaa"])
def test_changed_part_is_refused(context: Context, value: str) -> None:
    write(context, card_of())
    [first, *_] = stored(context)
    context.aws.ssm.put_parameter(Name=first, Value=value, Overwrite=True)
    with pytest.raises(ClassListError, match=first):
        read(context)


def test_other_list_in_the_place_of_the_first_is_refused(context: Context) -> None:
    write(context, card_of())
    [mine] = stored(context)
    write(context, card_of(tuple(name.upper() for name in NAMES)))
    [other] = set(stored(context)) - {mine}
    ssm = context.aws.ssm
    value = ssm.get_parameter(Name=mine)["Parameter"]["Value"]
    ssm.put_parameter(Name=other, Value=value, Overwrite=True)
    with pytest.raises(ClassListError, match="does not have the digest of its name"):
        read(context)


def test_requests_are_valid(valid_request: Callable[[str, str, dict[str, Any]], None]) -> None:
    _, lists = set_aside(card_of(LONG))
    [[digest, parts]] = lists.items()
    tags = [{"Key": "project", "Value": "cars"}]
    requests = list(class_list_requests("/card", digest, parts, tags))  # type: ignore[arg-type]
    assert len(requests) > 1
    for request in requests:
        valid_request("ssm", "PutParameter", request)
        assert len(request["Value"]) <= ADVANCED_BYTES


def test_room_is_enough_for_what_stage_accepts() -> None:
    longest = max(length for length in range(60, 101) if fits(random_names(1000, length)))
    names = random_names(1000, longest)
    random = Random(3)
    _, lists = set_aside(card_of(names, class_thresholds={name: random.random() for name in names}))
    assert all(len(parts) <= MAX_PARAMETERS for parts in lists.values())


def fits(names: tuple[str, ...]) -> bool:
    try:
        require_room(names)
    except ModelCardTooLargeError:
        return False
    return True


def test_names_without_room_are_refused_with_numbers() -> None:
    with pytest.raises(
        ModelCardTooLargeError, match=r"names of the 1,000 classes .* SSM parameters hold 61,440"
    ):
        require_room(random_names(1000, 100))


def test_more_classes_than_an_answer_holds_are_refused() -> None:
    require_room([f"class {number}" for number in range(MAX_CLASSES)])
    with pytest.raises(ModelCardTooLargeError, match=r"2,622 classes.* enough for 2,621 classes"):
        require_room([f"class {number}" for number in range(MAX_CLASSES + 1)])


def test_answer_of_the_most_classes_is_read_by_the_service() -> None:
    probabilities = [2.2250738585072014e-300] * (MAX_CLASSES - 1)
    body = json.dumps([*probabilities, 1.0]).encode()
    assert 1.0 == prediction.parse_answer(body).checked(MAX_CLASSES)[-1]


def test_verbose_answer_of_the_most_classes_is_read_by_the_service() -> None:
    probabilities = [2.2250738585072014e-300] * (MAX_CLASSES - 1)
    answer = {
        "probabilities": [*probabilities, 1.0],
        "model_digest": f"sha256:{'e' * 64}",
        "embedding": [-12345.123456] * 64,
    }
    body = json.dumps(answer).encode()
    assert 1.0 == prediction.parse_answer(body).checked(MAX_CLASSES)[-1]


def test_card_that_no_parameter_can_hold_is_refused() -> None:
    with pytest.raises(ModelCardTooLargeError, match="without its class names"):
        model_card("e", NAMES, 1.0, ARCHIVE, note="x" * ADVANCED_BYTES)


def test_service_refuses_a_card_whose_list_it_cannot_name() -> None:
    text = json.dumps({"temperature": 1.0, "class_list": {"sha256": "..", "parameters": 1}})
    with pytest.raises(Exception, match="names no list of classes"):
        parse_model_card(text, "AllTraffic", lambda _: {})
