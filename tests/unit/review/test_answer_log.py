from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from review.images import Answer, Verdict
from review.overview.answer_log import AnswerLog
from tests.unit.review.conftest import ANNE, BERT, Account

Build = Callable[..., Answer]


@dataclass
class Counting:
    """A client that counts the items that it reads."""

    client: Any
    read: list[int] = field(default_factory=list)

    def get_paginator(self, name: str) -> Any:
        paginator, read = self.client.get_paginator(name), self.read

        class Pages:
            def paginate(self, **request: Any) -> Any:
                for page in paginator.paginate(**request):
                    read.append(len(page["Items"]))
                    yield page

        return Pages()


@pytest.fixture
def client(account: Account) -> Any:
    return Counting(account.dynamodb)


def shown(log: AnswerLog) -> list[tuple[str, str | None]]:
    return sorted((one.reviewer, one.label) for answers in log.answers() for one in answers)


def test_answers_of_all_reviewers_are_read(account: Account, answered: Build, client: Any) -> None:
    for name, reviewer in (("one.jpg", ANNE), ("two.jpg", BERT)):
        account.queue.answer(answered(account.add(name), reviewer), reviewer)
    assert [("anne", "truck"), ("bert", "truck")] == shown(AnswerLog(client, "reviews"))


def test_new_answers_are_read_without_the_old_ones(
    account: Account, answered: Build, client: Any
) -> None:
    log = AnswerLog(client, "reviews")
    for number in range(5):
        given = answered(account.add(f"{number}.jpg"), answered_at=f"2026-01-0{number + 1}T00:00")
        account.queue.answer(given, ANNE)
    assert 5 == len(shown(log))

    new = answered(account.add("new.jpg"), answered_at="2026-02-01T00:00")
    account.queue.answer(new, ANNE)
    assert 6 == len(shown(log))
    assert [5, 2] == client.read  # the last known answer is read again


def test_answer_that_was_taken_back_is_gone(account: Account, answered: Build, client: Any) -> None:
    log = AnswerLog(client, "reviews")
    key = account.add("one.jpg")
    account.queue.answer(answered(key), ANNE)
    assert 1 == len(shown(log))
    account.queue.undo(key, "anne-1", ANNE)
    assert [] == log.answers()


def test_answer_of_a_computer_whose_clock_is_behind_is_read(
    account: Account, answered: Build, client: Any
) -> None:
    log = AnswerLog(client, "reviews")
    one = answered(account.add("one.jpg"), answered_at="2026-01-01T12:00:00+00:00")
    account.queue.answer(one, ANNE)
    log.answers()
    late = answered(account.add("two.jpg"), BERT, answered_at="2026-01-01T11:30:00+00:00")
    account.queue.answer(late, BERT)
    assert 2 == len(shown(log))


def test_answer_without_class_is_read(account: Account, answered: Build, client: Any) -> None:
    given = answered(account.add("one.jpg"), label=None, verdict=Verdict.NOT_USABLE)
    account.queue.answer(given, ANNE)
    assert [("anne", None)] == shown(AnswerLog(client, "reviews"))
