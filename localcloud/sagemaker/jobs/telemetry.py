"""Where a training job's log and metrics go: CloudWatch, in the job's region."""

from collections.abc import Iterable
from typing import Protocol

from localcloud.sagemaker.api.store import Record

LOG_GROUP = NAMESPACE = "/aws/sagemaker/TrainingJobs"


class Telemetry(Protocol):
    """Takes what a job tells of itself. Called in threads, in the order in which it was told."""

    def open_log(self, region: str, stream: str) -> None:
        """Create a job's log stream if it is not there."""

    def log(self, region: str, stream: str, lines: Iterable[str], milliseconds: int) -> None:
        """Append lines, all written at this time since the epoch, to a log stream."""

    def publish(self, region: str, job: str, metrics: Iterable[Record]) -> None:
        """Publish metrics (MetricName, Value, Timestamp) of a job."""
