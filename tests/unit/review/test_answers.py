from collections.abc import Callable
from dataclasses import replace

from review.answers import answer_item, standing_answers
from review.images import Answer, ImageKey, MachineDecision
from tests.unit.review.conftest import ANNE, Account

KEY = ImageKey("s3://images/uploads/one.jpg", "v1")
MACHINE = MachineDecision("ACCEPTED", "truck", 0.92, audit_drawn=True, audit_probability=0.01)


def test_answer_is_read_back_with_the_decision_of_the_machine(
    answered: Callable[..., Answer],
) -> None:
    answer = replace(answered(KEY), machine=MACHINE)
    assert [answer] == standing_answers([answer_item(answer)])


def test_answer_of_an_earlier_version_has_no_decision_of_the_machine(
    answered: Callable[..., Answer],
) -> None:
    item = answer_item(answered(KEY))
    assert "machine" not in item
    assert [None] == [answer.machine for answer in standing_answers([item])]


def test_stored_answer_has_the_decision_of_the_record(
    account: Account, answered: Callable[..., Answer]
) -> None:
    key = account.add("one.jpg", outcome="ACCEPTED")
    account.queue.answer(answered(key), ANNE)
    [answer] = standing_answers(account.stored_answers())
    assert MachineDecision("ACCEPTED", "truck", 0.6, False, 0.2) == answer.machine
