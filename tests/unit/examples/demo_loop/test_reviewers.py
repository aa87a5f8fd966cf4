"""Simulate reviewers by the rules of the review page."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from examples.demo_loop.reviewers import SimulatedReviewer, answers_to
from review.images import Answer, ImageKey, Reason, Verdict, WaitingImage

CLASSES = ("automobile", "other", "truck")


def image(reason: Reason = Reason.REVIEW) -> WaitingImage:
    return WaitingImage(
        key=ImageKey("s3://photos/1.png", "v1"),
        reason=reason,
        outcome="REVIEW",
        classification="truck",
        confidence_score=0.6,
        class_probabilities=dict.fromkeys(CLASSES, 1 / 3),
        audit_drawn=reason == Reason.AUDIT,
        audit_probability=0.2,
        model_digest="sha256:1",
        recorded_at="2026-12-01T00:00:00+00:00",
        revision=0,
    )


def reviewers(*errors: float) -> list[SimulatedReviewer]:
    return [
        SimulatedReviewer(f"reviewer-{number}", error, np.random.default_rng(number))
        for number, error in enumerate(errors)
    ]


def answers(errors: tuple[float, ...], reason: Reason, truth: str | None = "truck") -> list[Answer]:
    return answers_to(image(reason), truth, reviewers(*errors), "2026-12-01T00:00:00+00:00")


def test_uncertain_image_has_one_answer() -> None:
    [answer] = answers((0, 0, 0), Reason.REVIEW)
    assert "truck" == answer.label


def test_audit_has_two_answers_that_agree() -> None:
    assert ["truck", "truck"] == [answer.label for answer in answers((0, 0, 0), Reason.AUDIT)]


def test_third_reviewer_answers_where_two_differ() -> None:
    given = answers((1, 0, 0), Reason.AUDIT)
    assert ["reviewer-0", "reviewer-1", "reviewer-2"] == [answer.reviewer for answer in given]
    assert "truck" != given[0].label


def test_image_of_no_class_is_none_of_these() -> None:
    [answer] = answers((0,), Reason.REVIEW, truth=None)
    assert Verdict.NONE_OF_THESE == answer.verdict
    assert answer.label is None


def test_reviewers_err_as_often_as_stated() -> None:
    [reviewer] = reviewers(0.1)
    given = Counter(
        reviewer.answer(image(), "truck", Reason.REVIEW, "").label for _ in range(2_000)
    )
    wrong = given["automobile"] + given["other"]
    assert 150 < wrong < 250  # 3.7 standard deviations around 200
    assert min(given["automobile"], given["other"]) > 60


def test_every_answer_has_an_id_of_its_own() -> None:
    ids: Callable[[], set[str]] = lambda: {  # noqa: E731
        answer.answer_id for answer in answers((0, 0), Reason.AUDIT)
    }
    assert 2 == len(ids())
