"""The overview reads the service's metrics from CloudWatch, here from that of the local cloud."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cli.outcomes import ACCEPTED, REVIEW
from localcloud.server.cloud import Cloud
from review.overview.service_figures import outcomes_over_time

STACK = "stack-with-metrics"


def test_outcomes_are_summed_by_the_hour(cloud: Cloud) -> None:
    cloudwatch: Any = cloud.client("cloudwatch")
    now = datetime.now(UTC)
    for outcome, count, hours in ((ACCEPTED, 3, 0), (ACCEPTED, 2, 0), (REVIEW, 4, 2)):
        datum = {
            "MetricName": "Images",
            "Dimensions": [{"Name": "outcome", "Value": outcome}],
            "Timestamp": now - timedelta(hours=hours),
            "Value": count,
        }
        cloudwatch.put_metric_data(Namespace=f"SconesUnlimited/{STACK}", MetricData=[datum])

    found = outcomes_over_time(cloudwatch, STACK, now)

    assert [4, 0, 5] == [period.total for period in found]
    assert 5 == found[-1].images[ACCEPTED]
    assert found[-1].start == now.replace(minute=0, second=0, microsecond=0)


def test_stack_without_metrics_has_no_outcomes(cloud: Cloud) -> None:
    cloudwatch: Any = cloud.client("cloudwatch")
    assert [] == outcomes_over_time(cloudwatch, "another-stack", datetime.now(UTC))
