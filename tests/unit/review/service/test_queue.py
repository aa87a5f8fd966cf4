from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import pytest

from review.errors import (
    AnsweredElsewhereError,
    ImageGoneError,
    NotAnnouncedError,
    NothingToUndoError,
    RecordBusyError,
)
from review.images import (
    Answer,
    ImageKey,
    InvalidAnswerError,
    InvalidImageIdError,
    Reason,
    Verdict,
)
from review.order.ranking import Ranking
from review.reviewer import Reviewer
from review.service.records import Records
from review.web import STATUS
from tests.unit.review.conftest import ANNE, BERT, CARL, Account

Build = Callable[..., Answer]


def claimed(account: Account, reviewer: Reviewer, count: int = 10) -> list[ImageKey]:
    return [image.key for image in account.queue.claim(reviewer, count)]


def expire_leases(account: Account, key: ImageKey) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    account.dynamodb.update_item(
        TableName="results",
        Key={"image_url": {"S": key.image_url}, "version": {"S": key.version}},
        UpdateExpression="SET lease_until = :past",
        ExpressionAttributeValues={":past": {"S": past.isoformat()}},
    )


def test_reviewer_gets_the_longest_waiting_image_first(account: Account) -> None:
    young = account.add("young.jpg", recorded_at="2026-01-02")
    old = account.add("old.jpg", recorded_at="2026-01-01")
    assert [old, young] == claimed(account, ANNE)


def test_audits_come_before_images_for_review(account: Account) -> None:
    review = account.add("review.jpg")
    audit = account.add("audit.jpg", reason=Reason.AUDIT, outcome="ACCEPTED")
    assert [audit, review] == claimed(account, ANNE)


def ranked(account: Account, reviewer: Reviewer, count: int = 10) -> list[ImageKey]:
    queue = replace(account.queue, order=Ranking())
    return [image.key for image in queue.claim(reviewer, count)]


def test_uncertain_image_comes_before_a_certain_one(account: Account) -> None:
    certain = account.add("certain.jpg", confidence=0.79, recorded_at="2026-01-01")
    uncertain = account.add("uncertain.jpg", confidence=0.51, recorded_at="2026-01-02")
    assert [uncertain, certain] == ranked(account, ANNE)


def test_burst_is_shown_once_before_other_images(account: Account) -> None:
    burst = [
        account.add(f"{number}.jpg", image_hash=f"{number:016x}", recorded_at=f"2026-01-0{number}")
        for number in (1, 2, 3)
    ]
    alone = account.add("alone.jpg", image_hash="ff00ff00ff00ff00", recorded_at="2026-01-04")
    queue = replace(account.queue, order=Ranking())
    assert [burst[0]] == [image.key for image in queue.claim(ANNE, 1)]
    assert [alone] == [image.key for image in queue.claim(BERT, 1)]


def test_reloaded_page_gets_its_images_back_before_more_uncertain_ones(account: Account) -> None:
    mine = account.add("mine.jpg", confidence=0.7)
    assert [mine] == ranked(account, ANNE, 1)
    account.add("uncertain.jpg", confidence=0.51)
    assert [mine] == ranked(account, ANNE, 1)


def test_image_that_does_not_wait_is_not_shown(account: Account) -> None:
    account.add("accepted.jpg", reason=None, outcome="ACCEPTED")
    assert [] == claimed(account, ANNE)


def test_two_reviewers_get_different_images(account: Account) -> None:
    for number in range(6):
        account.add(f"{number}.jpg")
    first, second = claimed(account, ANNE, 4), claimed(account, BERT, 4)
    assert 4 == len(first)
    assert 2 == len(second)
    assert not {*first} & {*second}


def test_two_pages_of_one_reviewer_get_different_images(account: Account) -> None:
    account.add("one.jpg")
    assert 1 == len(claimed(account, ANNE))
    assert [] == claimed(account, replace(ANNE, page="page-2"))


def test_reloaded_page_gets_its_images_back(account: Account) -> None:
    account.add("one.jpg")
    assert claimed(account, ANNE) == claimed(account, ANNE)


def test_image_that_the_page_holds_is_not_given_again(account: Account) -> None:
    key = account.add("one.jpg")
    assert [] == account.queue.claim(ANNE, 5, [key])


def test_expired_lease_is_given_to_the_next_reviewer(account: Account) -> None:
    key = account.add("one.jpg")
    assert [key] == claimed(account, ANNE)
    expire_leases(account, key)
    assert [key] == claimed(account, BERT)
    assert [] == account.queue.renew(ANNE, [key])


def test_released_image_is_given_to_the_next_reviewer(account: Account) -> None:
    key = account.add("one.jpg")
    claimed(account, ANNE)
    account.queue.release(ANNE, [key])
    assert [key] == claimed(account, BERT)


def test_release_leaves_the_lease_of_another_page_alone(account: Account) -> None:
    key = account.add("one.jpg")
    claimed(account, ANNE)
    account.queue.release(BERT, [key])
    assert [] == claimed(account, BERT)


def test_answer_completes_the_review_and_leaves_the_outcome_alone(
    account: Account, answered: Build
) -> None:
    key = account.add("one.jpg")
    before = account.record(key)

    assert account.queue.answer(answered(key, label="automobile"), ANNE) is None

    after = account.record(key)
    review = after.pop("review")["M"]
    assert "CLASS" == review["verdict"]["S"]
    assert "automobile" == review["class"]["S"]
    assert "anne" == review["reviewer"]["S"]
    assert "REVIEW" == review["reason"]["S"]
    assert "sha256:model" == review["model_digest"]["S"]
    assert {name: before[name] for name in before if name != "waits_for"} == {
        name: after[name] for name in before if name != "waits_for"
    }
    assert "waits_for" not in after


def test_answer_sent_twice_is_stored_once(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    answer = answered(key)
    account.queue.answer(answer, ANNE)
    account.queue.answer(answer, ANNE)
    assert 1 == len(account.stored_answers())


@pytest.mark.parametrize("verdict", [Verdict.NONE_OF_THESE, Verdict.NOT_USABLE])
def test_answer_without_class_is_stored_without_class(
    account: Account, answered: Build, verdict: Verdict
) -> None:
    key = account.add("one.jpg")
    account.queue.answer(answered(key, label=None, verdict=verdict), ANNE)
    review = account.record(key)["review"]["M"]
    assert verdict == review["verdict"]["S"]
    assert "class" not in review


def test_class_that_the_model_does_not_have_is_refused(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    with pytest.raises(InvalidAnswerError, match="'lorry'"):
        account.queue.answer(answered(key, label="lorry"), ANNE)
    assert [] == account.stored_answers()


def test_second_answer_to_a_complete_review_is_refused(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    account.queue.answer(answered(key), ANNE)
    with pytest.raises(AnsweredElsewhereError):
        account.queue.answer(answered(key, BERT), BERT)
    assert 1 == len(account.stored_answers())


def test_answer_after_the_lease_expired_is_kept_if_nobody_else_answered(
    account: Account, answered: Build
) -> None:
    key = account.add("one.jpg")
    claimed(account, ANNE)
    expire_leases(account, key)
    assert account.queue.answer(answered(key), ANNE) is None


def test_answer_to_a_deleted_record_is_refused(account: Account, answered: Build) -> None:
    with pytest.raises(ImageGoneError):
        account.queue.answer(answered(ImageKey("s3://images/uploads/gone.jpg", "v")), ANNE)


def test_audit_waits_for_a_second_opinion_of_another_reviewer(
    account: Account, answered: Build
) -> None:
    key = account.add("one.jpg", reason=Reason.AUDIT)
    assert Reason.SECOND_OPINION == account.queue.answer(answered(key), ANNE)
    assert [] == claimed(account, ANNE)
    assert [key] == claimed(account, BERT)
    assert "review" not in account.record(key)


def test_two_equal_answers_complete_an_audit(account: Account, answered: Build) -> None:
    key = account.add("one.jpg", reason=Reason.AUDIT)
    account.queue.answer(answered(key), ANNE)
    assert account.queue.answer(answered(key, BERT, answered_at="2026-01-03"), BERT) is None
    review = account.record(key)["review"]["M"]
    assert "truck" == review["class"]["S"]
    assert "2" == review["answers"]["N"]


@pytest.mark.parametrize(
    ("labels", "decided"),
    [
        (("truck", "automobile", "automobile"), "automobile"),
        (("truck", "automobile", "truck"), "truck"),
    ],
)
def test_third_reviewer_decides_where_two_differ(
    account: Account, answered: Build, labels: tuple[str, ...], decided: str
) -> None:
    key = account.add("one.jpg", reason=Reason.AUDIT)
    waits: list[Any] = [
        account.queue.answer(answered(key, who, label, answered_at=f"2026-01-0{day}"), who)
        for day, (who, label) in enumerate(zip((ANNE, BERT, CARL), labels, strict=True), start=2)
    ]
    assert [Reason.SECOND_OPINION, Reason.SECOND_OPINION, None] == waits
    assert decided == account.record(key)["review"]["M"]["class"]["S"]


def test_answer_that_asks_another_reviewer_waits_for_a_second_opinion(
    account: Account, answered: Build
) -> None:
    key = account.add("one.jpg")
    asking = replace(answered(key), asks_another=True)
    assert Reason.SECOND_OPINION == account.queue.answer(asking, ANNE)
    assert [] == claimed(account, ANNE)
    assert [key] == claimed(account, BERT)
    assert account.queue.answer(answered(key, BERT, answered_at="2026-01-03"), BERT) is None
    assert "2" == account.record(key)["review"]["M"]["answers"]["N"]


def test_third_reviewer_decides_where_a_second_opinion_differs(
    account: Account, answered: Build
) -> None:
    key = account.add("one.jpg")
    account.queue.answer(replace(answered(key), asks_another=True), ANNE)
    second = account.queue.answer(answered(key, BERT, "automobile", answered_at="2026-01-03"), BERT)
    assert Reason.SECOND_OPINION == second
    third = account.queue.answer(answered(key, CARL, "automobile", answered_at="2026-01-04"), CARL)
    assert third is None
    assert "automobile" == account.record(key)["review"]["M"]["class"]["S"]


def test_undo_of_the_answer_that_asked_asks_nobody(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    account.queue.answer(replace(answered(key), asks_another=True), ANNE)
    assert Reason.REVIEW == account.queue.undo(key, "anne-1", ANNE).reason
    assert account.queue.answer(answered(key, BERT), BERT) is None


def test_answer_stores_the_probability_of_its_label(account: Account, answered: Build) -> None:
    account.queue.answer(answered(account.add("one.jpg"), label="automobile"), ANNE)
    [item] = account.stored_answers()
    assert {"N": "0.4"} == item["label_probability"]


def test_undo_takes_the_answer_back_and_keeps_its_item(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    answer = answered(key)
    account.queue.answer(answer, ANNE)
    before = account.stored_answers()

    image = account.queue.undo(key, answer.answer_id, ANNE)

    assert key == image.key
    assert Reason.REVIEW == image.reason
    assert "review" not in account.record(key)
    assert before[0] in account.stored_answers()
    assert 2 == len(account.stored_answers())
    assert [key] == claimed(account, ANNE)
    assert [] == claimed(account, BERT)


def test_undone_image_takes_a_new_answer(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    account.queue.answer(answered(key), ANNE)
    account.queue.undo(key, "anne-1", ANNE)
    account.queue.answer(answered(key, label="automobile", answer_id="anne-2"), ANNE)
    assert "automobile" == account.record(key)["review"]["M"]["class"]["S"]


def test_complete_review_is_announced_beside_the_outcome_of_the_model(
    account: Account, answered: Build
) -> None:
    key = account.add("one.jpg")
    account.queue.answer(answered(key, label="automobile"), ANNE)

    [entry] = account.events.sent
    assert "scones-unlimited" == entry["Source"]
    assert "Image Reviewed" == entry["DetailType"]

    [detail] = account.events.details
    assert {"class": "automobile", "reviewer": "anne", "answers": 1}.items() <= (
        detail.pop("review").items()
    )
    assert {
        "image_url": key.image_url,
        "version": key.version,
        "outcome": "REVIEW",
        "classification": "truck",
    } == detail


def test_audit_is_announced_once_two_reviewers_agree(account: Account, answered: Build) -> None:
    key = account.add("one.jpg", reason=Reason.AUDIT, outcome="ACCEPTED")
    account.queue.answer(answered(key), ANNE)
    assert [] == account.events.sent
    account.queue.answer(answered(key, BERT), BERT)
    assert [2] == [detail["review"]["answers"] for detail in account.events.details]


def test_answer_without_event_is_stored_and_announced_when_sent_again(
    account: Account, answered: Build
) -> None:
    key = account.add("one.jpg")
    account.events.refusals = 1
    with pytest.raises(NotAnnouncedError):
        account.queue.answer(answered(key), ANNE)
    assert 1 == len(account.stored_answers())
    assert [] == account.events.sent

    account.queue.answer(answered(key), ANNE)
    assert 1 == len(account.stored_answers())
    assert 1 == len(account.events.sent)


def test_undo_of_one_of_two_answers_asks_for_a_second_opinion_again(
    account: Account, answered: Build
) -> None:
    key = account.add("one.jpg", reason=Reason.AUDIT)
    account.queue.answer(answered(key), ANNE)
    account.queue.answer(answered(key, BERT), BERT)
    assert Reason.SECOND_OPINION == account.queue.undo(key, "bert-1", BERT).reason
    assert {"SS": ["anne"]} == account.record(key)["reviewers"]


@pytest.mark.parametrize("answer_id", ["bert-1", "anne-9"])
def test_undo_of_another_answer_is_refused(
    account: Account, answered: Build, answer_id: str
) -> None:
    key = account.add("one.jpg", reason=Reason.AUDIT)
    account.queue.answer(answered(key), ANNE)
    account.queue.answer(answered(key, BERT), BERT)
    with pytest.raises(NothingToUndoError):
        account.queue.undo(key, answer_id, ANNE)


def test_answer_taken_back_twice_is_refused(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    account.queue.answer(answered(key), ANNE)
    account.queue.undo(key, "anne-1", ANNE)
    with pytest.raises(NothingToUndoError):
        account.queue.undo(key, "anne-1", ANNE)


@dataclass(frozen=True)
class Isolated:
    """A client whose transactions are isolated, as DynamoDB's are; moto mixes those of threads."""

    client: Any
    lock: Lock

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, **request: Any) -> Any:
        with self.lock:
            return self.client.transact_write_items(**request)


def test_simultaneous_answers_of_two_reviewers_are_stored_once(
    account: Account, answered: Build
) -> None:
    key = account.add("one.jpg")
    client: Any = Isolated(account.dynamodb, Lock())
    queue = replace(account.queue, dynamodb=client)

    def answer(reviewer: Reviewer) -> str:
        try:
            queue.answer(answered(key, reviewer), reviewer)
        except AnsweredElsewhereError:
            return "refused"
        return "stored"

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(answer, [ANNE, BERT]))
    assert ["refused", "stored"] == sorted(results)
    assert 1 == len(account.stored_answers())


def test_answer_that_dynamodb_cannot_write_now_is_not_refused_for_good(
    account: Account, answered: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A cancelled transaction may be throttled. The page sends the answer again after a 503.
    key = account.add("one.jpg")
    monkeypatch.setattr(Records, "write", lambda *_, **__: False)
    with pytest.raises(RecordBusyError):
        account.queue.answer(answered(key), ANNE)
    assert 503 == STATUS[RecordBusyError]


def test_waiting_images_are_counted_by_reason(account: Account, answered: Build) -> None:
    account.add("one.jpg")
    account.add("two.jpg")
    audit = account.add("audit.jpg", reason=Reason.AUDIT)
    account.queue.answer(answered(audit), ANNE)
    expected = {Reason.REVIEW: 2, Reason.AUDIT: 0, Reason.SECOND_OPINION: 1}
    assert expected == account.queue.waiting()


@pytest.mark.parametrize("image_id", ["", "%%%", "bm90IGpzb24", "WzEsMl0", "Im9uZSI"])
def test_text_that_is_not_an_image_id_is_refused(image_id: str) -> None:
    with pytest.raises(InvalidImageIdError):
        ImageKey.of(image_id)


@pytest.mark.parametrize("name", ["truck.jpg", "ü b+c%20#?.jpg", "\x01\n"])
def test_image_id_is_read_back(name: str) -> None:
    key = ImageKey(f"s3://images/uploads/{name}", "v")
    assert key == ImageKey.of(key.id)


def test_undo_of_a_complete_review_is_announced(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    account.queue.answer(answered(key), ANNE)
    account.queue.undo(key, "anne-1", ANNE)
    assert ["Image Reviewed", "Image Review Undone"] == [
        event["DetailType"] for event in account.events.sent
    ]


def test_undo_of_an_incomplete_review_is_not_announced(account: Account, answered: Build) -> None:
    key = account.add("audit.jpg", reason=Reason.AUDIT)
    account.queue.answer(answered(key), ANNE)
    account.queue.undo(key, "anne-1", ANNE)
    assert [] == account.events.sent


def test_undo_without_event_is_announced_when_sent_again(account: Account, answered: Build) -> None:
    key = account.add("one.jpg")
    account.queue.answer(answered(key), ANNE)
    account.events.refusals = 1
    with pytest.raises(NotAnnouncedError):
        account.queue.undo(key, "anne-1", ANNE)
    with pytest.raises(NothingToUndoError):
        account.queue.undo(key, "anne-1", ANNE)
    assert "Image Review Undone" == account.events.sent[-1]["DetailType"]
