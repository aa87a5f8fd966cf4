from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cli.outcomes import ACCEPTED, REVIEW
from cli.service import Service
from review.images import Answer, Reason
from review.overview.answer_log import AnswerLog
from review.overview.parts import Missing, part
from review.overview.service_figures import Waiting, outcomes_over_time, periods, waiting_images
from review.overview.snapshot import Collector, Kept, ReviewedImages, Snapshot
from tests.unit.review.conftest import ANNE, BUCKET, Account
from tests.unit.review.fake_services import FakeCloudWatch, FakeSsm

NOW = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetMetricData")


@pytest.fixture
def cloudwatch() -> FakeCloudWatch:
    return FakeCloudWatch()


@pytest.fixture
def ssm() -> FakeSsm:
    return FakeSsm({"model_digest": "sha256:model", "labels": ["truck"]})


@pytest.fixture
def collector(account: Account, cloudwatch: FakeCloudWatch, ssm: FakeSsm) -> Collector:
    aws: Any = SimpleNamespace(dynamodb=account.dynamodb, cloudwatch=cloudwatch, ssm=ssm)
    service = Service(BUCKET, "", "results", "", "", "archive/", None, "reviews", "served")
    return Collector(aws, service, "scones-unlimited", account.queue.waiting)


def test_snapshot_has_all_parts(
    collector: Collector,
    account: Account,
    cloudwatch: FakeCloudWatch,
    answered: Callable[..., Answer],
) -> None:
    account.queue.answer(answered(account.add("one.jpg")), ANNE)
    account.add("two.jpg", recorded_at="2026-01-01T00:00:00")
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    cloudwatch.sums = {ACCEPTED: {hour: 3.0}}
    found = collector.snapshot()

    assert not isinstance(found.images, Missing)
    assert not isinstance(found.waiting, Missing)
    assert not isinstance(found.outcomes, Missing)
    assert 1 == len(found.images)
    assert Waiting(Reason.REVIEW, 1, datetime(2026, 1, 1, tzinfo=UTC)) in found.waiting
    assert [3] == [period.total for period in found.outcomes]
    assert {"model_digest": "sha256:model", "labels": ["truck"]} == found.card


def test_part_that_the_reviewer_may_not_read_is_named_and_the_rest_works(
    collector: Collector, cloudwatch: FakeCloudWatch, ssm: FakeSsm
) -> None:
    cloudwatch.error = refusal("AccessDenied")
    ssm.error = refusal("AccessDeniedException")
    found = collector.snapshot()
    assert isinstance(found.outcomes, Missing)
    assert found.outcomes.permission
    assert "cloudwatch:GetMetricData" in found.outcomes.reason
    assert isinstance(found.card, Missing)
    assert "ssm:GetParameter on /scones-unlimited/endpoints/served" in found.card.reason
    assert [] == found.images


def test_endpoint_without_model_card_has_none(collector: Collector, ssm: FakeSsm) -> None:
    ssm.card = None
    assert collector.snapshot().card is None


def test_table_without_the_index_asks_for_a_deployment(
    account: Account, collector: Collector
) -> None:
    account.dynamodb.delete_table(TableName="reviews")
    found = collector.snapshot().images
    assert isinstance(found, Missing)
    assert "deploy it again" in found.reason
    assert not found.permission


def test_images_are_judged_again_only_after_a_new_answer(
    account: Account, answered: Callable[..., Answer]
) -> None:
    reviewed = ReviewedImages(AnswerLog(account.dynamodb, "reviews"))
    account.queue.answer(answered(account.add("one.jpg")), ANNE)
    before = reviewed()
    assert 1 == len(before)
    assert before is reviewed()
    account.queue.answer(answered(account.add("two.jpg"), answer_id="two"), ANNE)
    assert 2 == len(reviewed())


def test_snapshots_of_one_minute_look_alike_until_a_part_changes() -> None:
    found = Snapshot(NOW, "images", [], [], [], None)
    later = replace(found, made_at=NOW + timedelta(seconds=20))
    assert later.looks_like(found)
    assert not replace(later, made_at=NOW + timedelta(seconds=60)).looks_like(found)
    assert not replace(later, images=[]).looks_like(found)
    assert not replace(later, card={"model_digest": "new"}).looks_like(found)


def test_network_failure_is_a_reason() -> None:
    def fail() -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    found = part(fail, "any")
    assert isinstance(found, Missing)
    assert "127.0.0.1:1" in found.reason


def test_value_is_read_again_once_it_is_old() -> None:
    times = iter([0.0, 1.0, 3.0])
    read = iter("ab")
    kept = Kept(lambda: next(read), 2.0, lambda: next(times))
    assert ["a", "a", "b"] == [kept(), kept(), kept()]


def test_metrics_are_those_of_the_stack_by_the_hour(cloudwatch: FakeCloudWatch) -> None:
    client: Any = cloudwatch
    assert [] == outcomes_over_time(client, "mine", NOW)
    [request] = cloudwatch.requests
    metric = request["MetricDataQueries"][0]["MetricStat"]
    assert "SconesUnlimited/mine" == metric["Metric"]["Namespace"]
    assert 3600 == metric["Period"]
    assert timedelta(days=14) == request["EndTime"] - request["StartTime"]
    assert request["EndTime"] > NOW


def test_recent_outcomes_are_shown_by_the_hour_with_empty_hours() -> None:
    end = NOW.replace(minute=0) + timedelta(hours=1)
    hours = {
        end - timedelta(hours=3): {ACCEPTED: 2},
        end - timedelta(hours=1): {REVIEW: 1},
    }
    found = periods(hours, end)
    assert [2, 0, 1] == [period.total for period in found]


def test_older_outcomes_are_shown_by_the_day() -> None:
    end = NOW.replace(minute=0) + timedelta(hours=1)
    day = end - timedelta(days=3)
    hours = {day: {ACCEPTED: 2}, day + timedelta(hours=1): {ACCEPTED: 3}, end: {}}
    found = periods(hours, end)
    assert [5, 0, 0, 0] == [period.total for period in found]
    assert 0 == found[0].start.hour


def test_hours_without_outcomes_are_no_period() -> None:
    assert [] == periods({NOW: {ACCEPTED: 0}}, NOW)


def test_oldest_image_is_found_by_reason(account: Account) -> None:
    account.add("young.jpg", recorded_at="2026-01-02T00:00:00+00:00")
    account.add("old.jpg", recorded_at="2026-01-01T00:00:00+00:00")
    found = waiting_images(account.dynamodb, "results", account.queue.waiting())
    by_reason = {one.reason: one for one in found}
    assert datetime(2026, 1, 1, tzinfo=UTC) == by_reason[Reason.REVIEW].oldest
    assert 2 == by_reason[Reason.REVIEW].images
    assert replace(by_reason[Reason.AUDIT], oldest=None) == by_reason[Reason.AUDIT]
