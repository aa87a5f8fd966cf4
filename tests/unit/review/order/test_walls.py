"""Walls: 24 images of one predicted class, and never an image that must be judged blind."""

from dataclasses import replace
from typing import Any

import pytest

from review.images import ImageKey, Reason, WaitingImage
from review.order.walls import MOST_READ, choose_wall
from tests.unit.review.conftest import ANNE, BERT, Account


def waiting(number: int, classification: str, **more: Any) -> WaitingImage:
    image = WaitingImage(
        key=ImageKey(f"s3://images/uploads/{number}.jpg", str(number)),
        reason=Reason.REVIEW,
        outcome="REVIEW",
        classification=classification,
        confidence_score=0.6,
        class_probabilities={"truck": 0.6, "automobile": 0.4},
        audit_drawn=False,
        audit_probability=0.2,
        model_digest="sha256:model",
        recorded_at="2026-01-01",
        revision=0,
    )
    return replace(image, **more)


def chosen(images: list[WaitingImage], count: int = 3) -> list[str]:
    return [image.key.version for image in choose_wall(images, count)]


def test_first_class_with_enough_images_is_on_the_wall() -> None:
    classes = ["truck", "automobile", "truck", "automobile", "automobile", "automobile", "truck"]
    images = [waiting(number, name) for number, name in enumerate(classes)]
    assert ["1", "3", "4"] == chosen(images)


def test_most_frequent_class_is_on_a_wall_with_fewer_images() -> None:
    images = [waiting(number, name) for number, name in enumerate(["bus", "truck", "truck"])]
    assert ["1", "2"] == chosen(images, 24)


def test_wall_without_candidates_is_empty() -> None:
    assert [] == chosen([])


@pytest.mark.parametrize(
    "blind",
    [{"reason": Reason.AUDIT}, {"reason": Reason.SECOND_OPINION}, {"audit_drawn": True}],
)
def test_image_to_be_judged_blind_is_on_no_wall(blind: dict[str, Any]) -> None:
    assert ["1"] == chosen([waiting(0, "truck", **blind), waiting(1, "truck")])


def test_rare_classes_do_not_read_the_whole_queue() -> None:
    read = []

    def candidates() -> Any:
        for number in range(2 * MOST_READ):
            read.append(number)
            yield waiting(number, str(number))

    assert 1 == len(choose_wall(candidates(), 24))
    assert MOST_READ == len(read)


def test_wall_is_leased_to_one_page(account: Account) -> None:
    keys = [account.add(f"{number}.jpg") for number in range(5)]
    first = [image.key for image in account.queue.claim_wall(ANNE, 3)]
    second = [image.key for image in account.queue.claim_wall(BERT, 3)]
    assert keys == first + second


def test_wall_leaves_out_what_the_page_holds(account: Account) -> None:
    keys = [account.add(f"{number}.jpg") for number in range(3)]
    assert keys[1:] == [image.key for image in account.queue.claim_wall(ANNE, 3, [keys[0]])]


def test_audit_that_waits_is_on_no_wall(account: Account) -> None:
    account.add("audit.jpg", reason=Reason.AUDIT)
    assert [] == account.queue.claim_wall(ANNE, 24)


def test_image_that_became_a_second_opinion_is_not_leased_with_its_prediction(
    account: Account,
) -> None:
    key = account.add("one.jpg")
    [stale] = account.queue._candidates(BERT)
    account.dynamodb.update_item(
        TableName="results",
        Key={"image_url": {"S": key.image_url}, "version": {"S": key.version}},
        UpdateExpression="SET waits_for = :reason",
        ExpressionAttributeValues={":reason": {"S": Reason.SECOND_OPINION}},
    )
    assert not account.queue._leases.take(stale, BERT)
    [image] = account.queue.claim(BERT, 1)
    assert Reason.SECOND_OPINION == image.reason
