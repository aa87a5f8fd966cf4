"""Read what the service itself knows: the queue, the outcomes over time, the model card."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli.outcomes import OUTCOMES
from review.images import Reason
from review.service.queue import INDEX, ORDER

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient

DAYS = 14  # of outcomes; CloudWatch keeps hours for 455 days
HOUR = timedelta(hours=1)
HOURLY = 48  # hours: younger outcomes are shown by the hour, older ones by the day


@dataclass(frozen=True)
class Waiting:
    """The images that wait for one reason.

    Args:
        oldest: When the longest waiting image was recorded, None without an image.
    """

    reason: Reason
    images: int
    oldest: datetime | None


@dataclass(frozen=True)
class Period:
    """The outcomes of an hour or a day."""

    start: datetime
    images: Mapping[str, int]

    @property
    def total(self) -> int:
        """All images of the period."""
        return sum(self.images.values())


def waiting_images(
    dynamodb: "DynamoDBClient", results: str, counts: Mapping[Reason, int]
) -> list[Waiting]:
    """Add the age of the longest waiting image to the counts: one record for each reason."""
    return [
        Waiting(reason, counts.get(reason, 0), _oldest(dynamodb, results, reason))
        for reason in ORDER
    ]


def _oldest(dynamodb: "DynamoDBClient", results: str, reason: Reason) -> datetime | None:
    found = dynamodb.query(
        TableName=results,
        IndexName=INDEX,
        KeyConditionExpression="waits_for = :reason",
        ExpressionAttributeValues={":reason": {"S": reason}},
        Limit=1,  # the index is ordered by recorded_at
    )
    times = [datetime.fromisoformat(item["recorded_at"]["S"]) for item in found["Items"]]
    return next((time if time.tzinfo else time.replace(tzinfo=UTC) for time in times), None)


def outcomes_over_time(cloudwatch: "CloudWatchClient", stack: str, now: datetime) -> list[Period]:
    """Return the outcomes of two weeks by the day, or by the hour if all are recent.

    The log of decisions counts them (stacks/monitoring.yaml). The results table has exact numbers,
    but only a scan of it would show them.
    """
    end = now.replace(minute=0, second=0, microsecond=0) + HOUR
    queries: Any = [
        {
            "Id": f"m{number}",
            "Label": outcome,
            "MetricStat": {
                "Metric": {
                    "Namespace": f"SconesUnlimited/{stack}",
                    "MetricName": "Images",
                    "Dimensions": [{"Name": "outcome", "Value": outcome}],
                },
                "Period": int(HOUR.total_seconds()),
                "Stat": "Sum",
            },
        }
        for number, outcome in enumerate(OUTCOMES)
    ]
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries, StartTime=end - timedelta(days=DAYS), EndTime=end
    )
    hours: dict[datetime, dict[str, int]] = {}
    for page in pages:
        for result in page["MetricDataResults"]:
            outcome = OUTCOMES[int(result["Id"].removeprefix("m"))]
            for time, value in zip(result["Timestamps"], result["Values"], strict=True):
                counts = hours.setdefault(time.astimezone(UTC), {})
                counts[outcome] = counts.get(outcome, 0) + round(value)
    return periods(hours, end)


def periods(hours: Mapping[datetime, Mapping[str, int]], end: datetime) -> list[Period]:
    """Group hours into consecutive periods until `end`; empty periods between are included."""
    seen = [start for start, counts in hours.items() if sum(counts.values())]
    if not seen:
        return []
    recent = end - min(seen) <= HOURLY * HOUR
    step = HOUR if recent else timedelta(days=1)
    first = min(seen) if recent else min(seen).replace(hour=0)

    found: list[Period] = []
    while first < end:
        inside = [counts for start, counts in hours.items() if first <= start < first + step]
        sums = {outcome: sum(one.get(outcome, 0) for one in inside) for outcome in OUTCOMES}
        found.append(Period(first, sums))
        first += step
    return found
