from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from review.images import Answer, Reason
from review.service.counts import FRESH, Counts, WaitingCounts
from review.service.queue import ORDER, ReviewQueue
from tests.unit.review.conftest import ANNE, BERT, Account

Build = Callable[..., Answer]


@dataclass
class Index:
    """The index, a clock, and the work that waits for the background."""

    review: int = 5
    seconds: float = 0.0
    error: Exception | None = None
    counted: int = 0
    work: list[Callable[[], None]] = field(default_factory=list)

    def count(self) -> Counts:
        self.counted += 1
        if self.error:
            raise self.error
        return {Reason.REVIEW: self.review, Reason.AUDIT: 0, Reason.SECOND_OPINION: 0}

    def counts(self) -> WaitingCounts:
        return WaitingCounts(self.count, self.work.append, lambda: self.seconds)


@pytest.fixture
def index() -> Index:
    return Index()


def test_first_request_counts(index: Index) -> None:
    assert 5 == index.counts().known()[Reason.REVIEW]


def test_next_request_does_not_count(index: Index) -> None:
    counts = index.counts()
    counts.known()
    counts.known()
    assert 1 == index.counted
    assert [] == index.work


def test_old_count_is_returned_while_the_background_counts_again(index: Index) -> None:
    counts = index.counts()
    counts.known()
    index.review, index.seconds = 7, FRESH + 1
    assert 5 == counts.known()[Reason.REVIEW]
    assert 5 == counts.known()[Reason.REVIEW]
    [recount] = index.work
    recount()
    assert 7 == counts.known()[Reason.REVIEW]


def test_own_answer_changes_the_count_at_once(index: Index) -> None:
    counts = index.counts()
    counts.known()
    counts.move(Reason.REVIEW, None)
    assert 4 == counts.known()[Reason.REVIEW]


def test_audit_that_needs_a_second_opinion_moves_to_its_count(index: Index) -> None:
    counts = index.counts()
    counts.known()
    counts.move(Reason.REVIEW, Reason.SECOND_OPINION)
    assert {Reason.REVIEW: 4, Reason.AUDIT: 0, Reason.SECOND_OPINION: 1} == counts.known()


def test_undone_answer_waits_again(index: Index) -> None:
    counts = index.counts()
    counts.known()
    counts.move(None, Reason.REVIEW)
    assert 6 == counts.known()[Reason.REVIEW]


def test_answer_during_a_count_is_applied_to_it(index: Index) -> None:
    counts = index.counts()
    counts.known()

    def count_while_answered() -> Counts:
        counts.move(Reason.REVIEW, None)
        return index.count()

    vars(counts)["_count"] = count_while_answered
    assert 4 == counts.counted()[Reason.REVIEW]


def test_count_is_never_negative(index: Index) -> None:
    index.review = 0
    counts = index.counts()
    counts.known()
    counts.move(Reason.REVIEW, None)
    assert 0 == counts.known()[Reason.REVIEW]


def test_failed_count_in_the_background_keeps_the_old_one_and_is_tried_again(index: Index) -> None:
    counts = index.counts()
    counts.known()
    index.seconds = FRESH + 1
    index.error = ClientError({"Error": {"Code": "ExpiredTokenException"}}, "Query")
    counts.known()
    index.work.pop()()
    assert 5 == counts.known()[Reason.REVIEW]
    assert 1 == len(index.work)


@contextmanager
def requests(account: Account) -> Iterator[list[str]]:
    """Collect the names of the requests to DynamoDB."""
    made: list[str] = []

    def collect(model: Any, **_: object) -> None:
        made.append(model.name)

    events = account.dynamodb.meta.events
    events.register("before-call.dynamodb", collect)
    try:
        yield made
    finally:
        events.unregister("before-call.dynamodb", collect)


def fill(account: Account, count: int) -> None:
    for number in range(count):
        account.add(f"{number:03}.jpg", recorded_at=f"2026-01-01T00:00:00.{number:03}")


def test_page_that_opens_reads_one_page_of_the_index_for_each_reason(account: Account) -> None:
    fill(account, 130)
    with requests(account) as made:
        assert 8 == len(account.queue.claim(ANNE, 8))
    assert [*["Query"] * len(ORDER), *["UpdateItem"] * 8] == made


def test_opening_a_page_never_scans(account: Account) -> None:
    fill(account, 130)
    with requests(account) as made:
        account.queue.claim(ANNE, 8)
        account.queue.waiting()
        account.queue.known_waiting()
    assert "Scan" not in made


def test_known_counts_need_no_request(account: Account) -> None:
    fill(account, 3)
    account.queue.waiting()
    with requests(account) as made:
        account.queue.known_waiting()
    assert [] == made


def test_known_counts_follow_own_answers(account: Account, answered: Build) -> None:
    key = account.add("audit.jpg", reason=Reason.AUDIT)
    account.queue.waiting()
    expected = {Reason.REVIEW: 0, Reason.AUDIT: 0, Reason.SECOND_OPINION: 1}
    account.queue.answer(answered(key), ANNE)
    assert expected == account.queue.known_waiting()
    account.queue.answer(answered(key, BERT), BERT)
    assert dict.fromkeys(ORDER, 0) == account.queue.known_waiting()
    account.queue.undo(key, "bert-1", BERT)
    assert expected == account.queue.known_waiting()


def test_answer_sent_twice_changes_the_known_counts_once(account: Account, answered: Build) -> None:
    key, _ = account.add("one.jpg"), account.add("two.jpg")
    account.queue.waiting()
    for _ in range(2):
        account.queue.answer(answered(key), ANNE)
    assert 1 == account.queue.known_waiting()[Reason.REVIEW]


def test_two_queues_count_by_themselves(account: Account) -> None:
    other = ReviewQueue(account.dynamodb, account.queue.events, "results", "reviews")
    account.queue.waiting()
    account.add("one.jpg")
    assert 1 == other.known_waiting()[Reason.REVIEW]
