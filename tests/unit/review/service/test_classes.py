"""Labels of images whose record lists ten of a model's classes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from botocore.exceptions import ClientError

from review.images import ImageKey, InvalidAnswerError, Reason, WaitingImage
from review.service.classes import ClassesOfModelCard
from tests.unit.review.conftest import ANNE, Account
from tests.unit.review.service.test_queue import Build

NAMES = [f"class {number:04}" for number in range(1000)]
TEN = dict.fromkeys(NAMES[:9], 0.06) | {NAMES[9]: 0.3}


@dataclass
class Card:
    """A model card that counts how often it is read."""

    labels: Sequence[str] = ()
    error: str = ""
    reads: list[int] = field(default_factory=list)

    def read(self) -> Sequence[str]:
        self.reads.append(1)
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": ""}}, "GetParameter")
        return self.labels


def image(probabilities: dict[str, float], model: str = "sha256:1") -> WaitingImage:
    return WaitingImage(
        key=ImageKey("s3://images/uploads/one.jpg", "v1"),
        reason=Reason.REVIEW,
        outcome="REVIEW",
        classification=max(probabilities, key=lambda name: probabilities[name]),
        confidence_score=max(probabilities.values()),
        class_probabilities=probabilities,
        audit_drawn=False,
        audit_probability=0.0,
        model_digest=model,
        recorded_at="",
        revision=0,
    )


def test_ten_listed_classes_are_completed_by_the_model_card() -> None:
    unlisted = ClassesOfModelCard(Card(NAMES).read).of(image(TEN))
    assert set(NAMES[10:]) == unlisted
    assert NAMES == replace(image(TEN), unlisted_classes=unlisted).classes


def test_ten_confident_classes_are_completed_too() -> None:
    confident = dict.fromkeys(NAMES[:9], 0.0) | {NAMES[9]: 1.0}
    assert set(NAMES[10:]) == ClassesOfModelCard(Card(NAMES).read).of(image(confident))


@pytest.mark.parametrize("classes", [2, 9, 11, 100])
def test_other_numbers_of_classes_need_no_card(classes: int) -> None:
    card = Card(error="AccessDeniedException")
    whole = dict.fromkeys(NAMES[:classes], 1 / classes)
    assert frozenset() == ClassesOfModelCard(card.read).of(image(whole))
    assert [] == card.reads


@pytest.mark.parametrize("card", [Card(NAMES[:10]), Card(), Card(error="AccessDeniedException")])
def test_model_of_ten_classes_has_no_others(card: Card) -> None:
    whole = dict.fromkeys(NAMES[:10], 0.1)
    assert frozenset() == ClassesOfModelCard(card.read).of(image(whole))


def test_card_that_may_not_be_read_is_an_error_where_classes_are_missing() -> None:
    with pytest.raises(ClientError):
        ClassesOfModelCard(Card(error="AccessDeniedException").read).of(image(TEN))


def test_card_is_read_once_for_each_model() -> None:
    card = Card(NAMES)
    classes = ClassesOfModelCard(card.read)
    for model in ("sha256:1", "sha256:2", "sha256:1"):
        classes.of(image(TEN, model))
    assert 2 == len(card.reads)


@pytest.mark.parametrize(
    ("probabilities", "most"),
    [(TEN, 0.06), (dict.fromkeys(NAMES[:9], 0.1) | {NAMES[9]: 0.09}, 0.01)],
    ids=["the smallest listed", "the rest"],
)
def test_unlisted_class_has_at_most_what_the_listed_ones_leave(
    probabilities: dict[str, float], most: float
) -> None:
    one = image(probabilities)
    assert most == pytest.approx(one.highest_probability_of("class 0999"))
    assert probabilities[NAMES[9]] == one.highest_probability_of(NAMES[9])


def waiting(account: Account) -> ImageKey:
    key = account.add("one.jpg")
    account.dynamodb.update_item(
        TableName="results",
        Key={"image_url": {"S": key.image_url}, "version": {"S": key.version}},
        UpdateExpression="SET class_probabilities = :ten",
        ExpressionAttributeValues={":ten": {"M": {name: {"N": str(p)} for name, p in TEN.items()}}},
    )
    return key


def test_class_outside_the_record_is_a_valid_answer(account: Account, answered: Build) -> None:
    key = waiting(account)
    queue = replace(account.queue, unlisted=ClassesOfModelCard(Card(NAMES).read))
    [claimed] = queue.claim(ANNE, 1)
    assert NAMES == claimed.classes
    queue.answer(answered(key, label="class 0999"), ANNE)
    [stored] = [item for item in account.stored_answers() if "verdict" in item]
    assert "class 0999" == stored["class"]["S"]
    assert 0.06 == float(stored["label_probability"]["N"])
    assert NAMES == queue.undo(key, "anne-1", ANNE).classes


def test_class_outside_the_model_is_refused(account: Account, answered: Build) -> None:
    key = waiting(account)
    queue = replace(account.queue, unlisted=ClassesOfModelCard(Card(NAMES).read))
    with pytest.raises(InvalidAnswerError, match="truck"):
        queue.answer(answered(key, label="truck"), ANNE)
