"""Labels that the model finds unlikely wait for another reviewer; nothing else changes."""

from collections.abc import Callable
from typing import Any

import pytest

from review.images import Answer, ImageKey, Reason
from review.service.second_look import GivenLabel, look_again
from tests.unit.review.conftest import ANNE, BERT, CARL, Account

Build = Callable[..., Answer]


def doubt(account: Account, count: int) -> list[GivenLabel]:
    return look_again(account.dynamodb, "results", "reviews", count)


def labelled(account: Account, answered: Build, name: str, label: str) -> ImageKey:
    """Return an image that the model calls a truck (0.6), labelled by anne."""
    key = account.add(name)
    account.queue.answer(answered(key, label=label), ANNE)
    return key


def test_label_with_the_lowest_probability_is_doubted_first(
    account: Account, answered: Build
) -> None:
    labelled(account, answered, "likely.jpg", "truck")
    suspicious = labelled(account, answered, "unlikely.jpg", "automobile")
    assert [GivenLabel(suspicious, "automobile", 0.4)] == doubt(account, 1)


def test_doubted_image_waits_for_another_reviewer_and_keeps_its_label(
    account: Account, answered: Build
) -> None:
    key = labelled(account, answered, "one.jpg", "automobile")
    before = account.record(key)
    doubt(account, 1)
    after = account.record(key)

    assert {"S": Reason.SECOND_OPINION} == after.pop("waits_for")
    assert {"BOOL": True} == after.pop("second_look")
    assert {"N": "2"} == after.pop("review_revision")
    assert before | after == before
    assert [] == account.queue.claim(ANNE, 5)
    assert [key] == [image.key for image in account.queue.claim(BERT, 5)]


def test_second_reviewer_who_agrees_completes_the_second_look(
    account: Account, answered: Build
) -> None:
    key = labelled(account, answered, "one.jpg", "automobile")
    doubt(account, 1)
    assert account.queue.answer(answered(key, BERT, "automobile"), BERT) is None
    record = account.record(key)
    assert "automobile" == record["review"]["M"]["class"]["S"]
    assert "2" == record["review"]["M"]["answers"]["N"]
    assert "waits_for" not in record


def test_third_reviewer_decides_where_the_second_differs(account: Account, answered: Build) -> None:
    key = labelled(account, answered, "one.jpg", "automobile")
    doubt(account, 1)
    reason = account.queue.answer(answered(key, BERT, "truck", answered_at="2026-01-03"), BERT)
    assert Reason.SECOND_OPINION == reason
    assert "review" not in account.record(key)
    account.queue.answer(answered(key, CARL, "truck", answered_at="2026-01-04"), CARL)
    assert "truck" == account.record(key)["review"]["M"]["class"]["S"]


def test_undo_of_the_second_opinion_leaves_the_first_label(
    account: Account, answered: Build
) -> None:
    key = labelled(account, answered, "one.jpg", "automobile")
    doubt(account, 1)
    account.queue.answer(answered(key, BERT, "truck", answered_at="2026-01-03"), BERT)
    account.queue.undo(key, "bert-1", BERT)
    record = account.record(key)
    assert "automobile" == record["review"]["M"]["class"]["S"]
    assert {"S": Reason.SECOND_OPINION} == record["waits_for"]


def test_label_is_doubted_once(account: Account, answered: Build) -> None:
    key = labelled(account, answered, "one.jpg", "automobile")
    assert 1 == len(doubt(account, 5))
    account.queue.answer(answered(key, BERT, "automobile"), BERT)
    assert [] == doubt(account, 5)


def test_image_that_waits_is_skipped_for_the_next_one(account: Account, answered: Build) -> None:
    audit = account.add("audit.jpg", reason=Reason.AUDIT)
    account.queue.answer(answered(audit, label="automobile"), ANNE)
    key = labelled(account, answered, "one.jpg", "truck")
    assert [key] == [one.key for one in doubt(account, 1)]


def undone(account: Account, answered: Build) -> None:
    key = labelled(account, answered, "one.jpg", "automobile")
    account.queue.undo(key, "anne-1", ANNE)


def agreed(account: Account, answered: Build) -> None:
    key = account.add("audit.jpg", reason=Reason.AUDIT)
    account.queue.answer(answered(key, label="automobile"), ANNE)
    account.queue.answer(answered(key, BERT, "automobile"), BERT)


def without_class(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    account.queue.answer(answered(key, label=None, verdict="NOT_USABLE"), ANNE)


@pytest.mark.parametrize("reviewed", [undone, agreed, without_class])
def test_image_without_one_label_is_not_doubted(
    account: Account, answered: Build, reviewed: Callable[..., Any]
) -> None:
    reviewed(account, answered)
    assert [] == doubt(account, 5)


def test_answer_of_a_page_that_has_not_seen_the_doubt_is_counted_with_it(
    account: Account, answered: Build
) -> None:
    # The revision in the record makes a transaction that began before try again.
    key = labelled(account, answered, "one.jpg", "automobile")
    records = account.queue._records
    image = records.image(key)
    answers = records.answers(key)
    doubt(account, 1)
    put = {"Put": {"TableName": "reviews", "Item": {"image_url": {"S": "a"}, "answer": {"S": "b"}}}}
    assert not records.write(image, answers, put, BERT, leased=False)
