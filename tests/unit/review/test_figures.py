"""The figures of reconcile, ab and monitor do not change while people review."""

import argparse
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from cli.aws import Aws
from cli.service import Service
from operations.commands import reconcile
from operations.service.context import Context
from review.images import Answer, ImageKey, Reason
from tests.unit.review.conftest import ANNE, BERT, BUCKET, Account
from tests.unit.training.results_records import FakeCloudFormation
from training.project.naming import Names
from training.service.ab_results import read_records, summarise
from training.service.results import read_results
from untrusted.console import Console

REVIEWS = 500
AUDITS = 20  # of the images; an audit needs two answers
NAMES = Names("scones-unlimited", "dev")
MOST = 10_000


@dataclass(frozen=True)
class WithoutTransactions:
    """A client that makes the writes of a transaction one by one.

    moto copies all tables before each transaction, which takes a minute for 500.
    """

    client: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        put, update = TransactItems
        self.client.put_item(**put["Put"])
        self.client.update_item(**update["Update"])


@pytest.fixture
def context(account: Account) -> Context:
    """The commands' view of the account."""
    session = boto3.session.Session("testing", "testing", region_name="us-east-1")
    aws = Aws(session)
    fakes = {"dynamodb": account.dynamodb, "s3": account.s3}
    vars(aws).update(fakes, cloudformation=FakeCloudFormation("results"))
    context = Context(aws, "scones-unlimited", Console(file=io.StringIO()))
    vars(context)["service"] = Service(BUCKET, "", "results", "", "", "archive/", None)
    return context


def figures(context: Context) -> dict[str, Any]:
    """What the three commands compute from the records."""
    options = argparse.Namespace(prefix="uploads/", older_than=0, start=False, json=True)
    reconciled = reconcile.run(context, options)
    since = datetime(2025, 1, 1, tzinfo=UTC)
    dynamodb = context.aws.dynamodb
    results = read_results(dynamodb, "results", NAMES.endpoint, None, since, MOST)
    return {
        "status": reconciled.status,
        "reconcile": dict(reconciled.data),
        "ab": summarise(read_records(context.aws, NAMES, "2025-01-01")),
        "monitor": (
            sorted(results.decisions.classes),
            sorted(results.decisions.confidences),
            results.thresholds,
        ),
    }


@pytest.mark.long
def test_figures_are_the_same_before_and_after_500_reviews(
    account: Account, context: Context, answered: Callable[..., Answer]
) -> None:
    keys: list[ImageKey] = []
    for number in range(REVIEWS):
        reason = Reason.AUDIT if number < AUDITS else Reason.REVIEW
        outcome = "ACCEPTED" if number < AUDITS // 2 else "REVIEW"
        keys.append(account.add(f"{number}.jpg", reason=reason, outcome=outcome))
    before = figures(context)

    client: Any = WithoutTransactions(account.dynamodb)
    queue = replace(account.queue, dynamodb=client)
    for number, key in enumerate(keys):
        queue.answer(answered(key, label="automobile"), ANNE)
        if number < AUDITS:
            queue.answer(answered(key, BERT, label="automobile"), BERT)
    after = figures(context)

    assert REVIEWS == len(account.events.sent)
    for_review = REVIEWS - AUDITS // 2
    counted = ("review_waiting", "review_reviewed")
    assert [for_review, 0] == [before["reconcile"].pop(name) for name in counted]
    assert [0, for_review] == [after["reconcile"].pop(name) for name in counted]
    assert before == after
    assert REVIEWS == after["reconcile"]["uploads"]
