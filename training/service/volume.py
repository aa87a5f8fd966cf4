"""Read how many images the service has classified in a month, from its metric."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

MONTH = timedelta(days=30)
_DAY = 86400  # seconds


def images_a_month(cloudwatch: "CloudWatchClient", service: str) -> int | None:
    """Return the number of classified images of the last 30 days, None if it is unknown.

    It is unknown without a deployed service, and without permission to read metrics: an evaluation
    needs neither.
    """
    now = datetime.now(UTC)
    try:
        found = cloudwatch.get_metric_statistics(
            Namespace=f"SconesUnlimited/{service}",
            MetricName="ReviewShare",  # one value for each classified image
            StartTime=now - MONTH,
            EndTime=now,
            Period=_DAY,
            Statistics=["SampleCount"],
        )
    except (ClientError, BotoCoreError):
        return None
    return round(sum(point["SampleCount"] for point in found["Datapoints"])) or None
