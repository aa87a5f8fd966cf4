"""Let simulated reviewers label what waits in the queue."""

from collections import Counter

import numpy as np

from examples.demo_loop.labelling import label_all
from examples.demo_loop.reviewers import SimulatedReviewer
from review.images import Reason
from tests.unit.review.conftest import Account, account, clients

__all__ = ["account", "clients"]


def reviewers(*errors: float) -> list[SimulatedReviewer]:
    return [
        SimulatedReviewer(f"reviewer-{number}", error, np.random.default_rng(number))
        for number, error in enumerate(errors)
    ]


def test_no_image_waits_afterwards(account: Account) -> None:
    truths = {account.add(f"{number}.png"): "truck" for number in range(3)}
    truths |= {account.add(f"audit-{at}.png", reason=Reason.AUDIT): "truck" for at in range(2)}
    answers = Counter(label_all(account.queue, reviewers(0, 0, 0), truths))
    assert {Reason.REVIEW: 3, Reason.AUDIT: 2, Reason.SECOND_OPINION: 2} == answers
    assert not any(account.queue.waiting().values())


def test_third_reviewer_corrects_the_first(account: Account) -> None:
    audit = account.add("audit.png", reason=Reason.AUDIT)
    answers = Counter(label_all(account.queue, reviewers(1, 0, 0), {audit: "truck"}))
    assert 3 == answers.total()
    assert "truck" == account.record(audit)["review"]["M"]["class"]["S"]


def test_image_of_no_class_is_answered_none_of_these(account: Account) -> None:
    image = account.add("cat.png")
    assert [Reason.REVIEW] == list(label_all(account.queue, reviewers(0, 0), {image: None}))
    assert "NONE_OF_THESE" == account.record(image)["review"]["M"]["verdict"]["S"]
