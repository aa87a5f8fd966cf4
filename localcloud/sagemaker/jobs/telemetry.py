"""Where a training job's log and metrics go: CloudWatch, in the job's region."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import batched
from typing import TYPE_CHECKING, Protocol

import boto3

from localcloud.sagemaker.api.store import Record

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_logs import CloudWatchLogsClient

LOG_GROUP = NAMESPACE = "/aws/sagemaker/TrainingJobs"
# PutLogEvents takes 10,000 events and 1 MiB of text, PutMetricData 1,000 data.
_AT_ONCE = 100
_LONGEST_EVENT = 8_000


class Telemetry(Protocol):
    """Takes what a job tells of itself. Called in threads, in the order in which it was told."""

    def open_log(self, region: str, stream: str) -> None:
        """Create a job's log stream if it is not there."""

    def log(self, region: str, stream: str, lines: Iterable[str], milliseconds: int) -> None:
        """Append lines, all written at this time since the epoch, to a log stream."""

    def publish(self, region: str, job: str, metrics: Iterable[Record]) -> None:
        """Publish metrics (MetricName, Value, Timestamp) of a job."""


@dataclass(frozen=True)
class CloudWatchTelemetry:
    """The CloudWatch of the local cloud, over HTTP."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str

    def open_log(self, region: str, stream: str) -> None:
        """Create a job's log stream, and the group of all of them, if they are not there."""
        logs = self._logs(region)
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=LOG_GROUP)
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)

    def log(self, region: str, stream: str, lines: Iterable[str], milliseconds: int) -> None:
        """Append lines to a log stream; CloudWatch takes none that is empty."""
        events = [{"timestamp": milliseconds, "message": line[:_LONGEST_EVENT]} for line in lines if line]
        for some in batched(events, _AT_ONCE, strict=False):
            self._logs(region).put_log_events(logGroupName=LOG_GROUP, logStreamName=stream, logEvents=some)  # type: ignore[arg-type]

    def publish(self, region: str, job: str, metrics: Iterable[Record]) -> None:
        """Publish metrics of a job under its name."""
        data = [{**metric, "Dimensions": [{"Name": "TrainingJobName", "Value": job}]} for metric in metrics]
        for some in batched(data, _AT_ONCE, strict=False):
            self._cloudwatch(region).put_metric_data(Namespace=NAMESPACE, MetricData=some)  # type: ignore[arg-type]

    @cache  # noqa: B019  # lives as long as the local cloud
    def _logs(self, region: str) -> "CloudWatchLogsClient":
        return self._session(region).client("logs", endpoint_url=self.endpoint_url)

    @cache  # noqa: B019  # lives as long as the local cloud
    def _cloudwatch(self, region: str) -> "CloudWatchClient":
        return self._session(region).client("cloudwatch", endpoint_url=self.endpoint_url)

    def _session(self, region: str) -> boto3.session.Session:
        return boto3.session.Session(self.access_key_id, self.secret_access_key, region_name=region)
