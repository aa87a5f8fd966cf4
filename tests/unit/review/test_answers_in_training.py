"""Training reads the records that the review page writes."""

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from cli.service import OUTPUTS, REVIEWS_TABLE
from review.images import Answer, ImageKey, Reason, Verdict
from review.reviewer import Reviewer
from tests.unit.review.conftest import ANNE, BERT, BUCKET, Account
from training.dataset import reviews as in_training
from training.dataset.reviews import RecordedReviews
from training.service.reviews import NoReviewsError, read_reviews
from untrusted.console import Console

NUMBERS = itertools.count()


class ServiceStack:
    """CloudFormation, which describes the stack of the service."""

    meta = SimpleNamespace(region_name="us-east-1")

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        named = dict.fromkeys(OUTPUTS.values(), "") | {REVIEWS_TABLE: "reviews"}
        named |= {OUTPUTS["results_table"]: "results", OUTPUTS["image_bucket"]: BUCKET}
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in named.items()]
        return {"Stacks": [{"Outputs": outputs}]}


def read(account: Account) -> RecordedReviews:
    aws: Any = SimpleNamespace(
        cloudformation=ServiceStack(), dynamodb=account.dynamodb, region="us-east-1"
    )
    return read_reviews(aws, "scones-unlimited", Console(quiet=True))


def give(
    account: Account, key: ImageKey, reviewer: Reviewer, verdict: Verdict, label: str | None = None
) -> str:
    answer_id = f"answer-{next(NUMBERS)}"
    answer = Answer(
        answer_id=answer_id,
        key=key,
        verdict=verdict,
        label=label,
        reviewer=reviewer.name,
        answered_at="2026-01-02T00:00:00+00:00",
        reason=Reason.REVIEW,
        model_digest="",
        seconds=1.0,
    )
    account.queue.answer(answer, reviewer)
    return answer_id


def test_answer_is_the_label_not_the_classification_of_the_model(account: Account) -> None:
    key = account.add("a.png")
    give(account, key, ANNE, Verdict.CLASS, "automobile")
    [review] = read(account).complete
    assert "automobile" == review.label
    assert key == ImageKey(review.image_url, review.version)
    assert not review.drawn


@pytest.mark.parametrize("verdict", [Verdict.NONE_OF_THESE, Verdict.NOT_USABLE])
def test_verdict_without_a_class_has_no_label(account: Account, verdict: Verdict) -> None:
    give(account, account.add("a.png"), ANNE, verdict)
    [review] = read(account).complete
    assert verdict == review.verdict
    assert review.label is None


def test_audit_counts_when_two_reviewers_agree(account: Account) -> None:
    key = account.add("a.png", reason=Reason.AUDIT, outcome="ACCEPTED")
    give(account, account.add("b.png"), ANNE, Verdict.CLASS, "truck")
    give(account, key, ANNE, Verdict.CLASS, "truck")
    assert 1 == read(account).waiting
    give(account, key, BERT, Verdict.CLASS, "truck")
    [audit] = [review for review in read(account).complete if review.drawn]
    assert 0.2 == audit.probability


def test_answer_that_was_taken_back_does_not_count(account: Account) -> None:
    key = account.add("a.png")
    answer_id = give(account, key, ANNE, Verdict.CLASS, "truck")
    account.queue.undo(key, answer_id, ANNE)
    with pytest.raises(NoReviewsError):
        read(account)


def test_training_knows_all_verdicts() -> None:
    known = {in_training.CLASS, in_training.NONE_OF_THESE, in_training.NOT_USABLE}
    assert {*Verdict} == known
