"""The number of images that the service classifies in a month."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.unit.conforming import conforming
from training.service.volume import images_a_month
from training.steps.context import Context


class FakeCloudWatch:
    """Answer with the samples of each day, or refuse."""

    def __init__(self, *days: float, refusal: Exception | None = None) -> None:
        self.days = days
        self.refusal = refusal
        self.asked: dict[str, Any] = {}

    def get_metric_statistics(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        if self.refusal:
            raise self.refusal
        return {"Datapoints": [{"SampleCount": count} for count in self.days]}


def month(fake: FakeCloudWatch) -> int | None:
    return images_a_month(conforming(fake, "cloudwatch"), "scones-unlimited")


def test_images_of_all_days_are_added() -> None:
    assert 350 == month(FakeCloudWatch(100.0, 250.0))


def test_days_of_a_month_are_asked_for() -> None:
    fake = FakeCloudWatch(1.0)
    month(fake)
    assert timedelta(days=30) == fake.asked["EndTime"] - fake.asked["StartTime"]
    assert "SconesUnlimited/scones-unlimited" == fake.asked["Namespace"]


def test_metric_without_values_is_unknown() -> None:
    assert month(FakeCloudWatch()) is None


@pytest.mark.parametrize(
    "refusal",
    [
        ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricStatistics"),
        EndpointConnectionError(endpoint_url="https://monitoring"),
    ],
)
def test_metric_that_may_not_be_read_is_unknown(refusal: Exception) -> None:
    assert month(FakeCloudWatch(refusal=refusal)) is None


def test_stored_metric_is_read(context: Context) -> None:
    now = datetime.now(UTC)
    data: Any = [
        {"MetricName": "ReviewShare", "Value": 1.0, "Timestamp": now - timedelta(hours=1)}
    ] * 3
    context.aws.cloudwatch.put_metric_data(Namespace="SconesUnlimited/gate", MetricData=data)
    assert 3 == images_a_month(context.aws.cloudwatch, "gate")
