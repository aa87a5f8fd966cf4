"""Define the sink of a training job's log and metrics: CloudWatch, in the job's region."""

from collections.abc import Iterable
from typing import Protocol

from localcloud.sagemaker.api.store import Record

LOG_GROUP = NAMESPACE = "/aws/sagemaker/TrainingJobs"


class Telemetry(Protocol):
    """Take the log and the metrics of jobs, in threads and in their order."""

    def open_log(self, region: str, stream: str) -> None:
        """Create a job's log stream if it is missing."""

    def log(self, region: str, stream: str, lines: Iterable[str], milliseconds: int) -> None:
        """Append lines of one time, in milliseconds since the epoch, to a log stream."""

    def publish(self, region: str, job: str, metrics: Iterable[Record]) -> None:
        """Publish metrics (MetricName, Value, Timestamp) of a job."""
