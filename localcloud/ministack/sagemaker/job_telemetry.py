"""Write logs and metrics of training jobs into MiniStack's CloudWatch."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, cloudwatch_logs

from localcloud.ministack import state_saves
from localcloud.ministack.server_thread import Runner, run_here
from localcloud.sagemaker.api.store import Record
from localcloud.sagemaker.jobs.telemetry import LOG_GROUP, NAMESPACE

# PutLogEvents accepts 1 MiB of text per request; the longest line must fit.
_LONGEST_EVENT = 8_000


@dataclass(frozen=True)
class MiniStackJobTelemetry:
    """Write in this process, into one account."""

    account: str
    run: Runner = run_here

    def open_log(self, region: str, stream: str) -> None:
        """Create the log stream of a job and the log group, if they are missing."""
        self._call(region, lambda: cloudwatch_logs._create_log_group({"logGroupName": LOG_GROUP}))
        self._call(region, lambda: cloudwatch_logs._create_log_stream(_place(stream)))

    def log(self, region: str, stream: str, lines: Iterable[str], milliseconds: int) -> None:
        """Append lines to a log stream, without empty lines, which CloudWatch refuses."""
        events = [
            {"timestamp": milliseconds, "message": line[:_LONGEST_EVENT]} for line in lines if line
        ]
        if events:
            self._call(
                region,
                lambda: cloudwatch_logs._put_log_events({**_place(stream), "logEvents": events}),
            )

    def publish(self, region: str, job: str, metrics: Iterable[Record]) -> None:
        """Publish metrics of a job under its name."""
        dimensions = [{"Name": "TrainingJobName", "Value": job}]
        request = {
            "Namespace": NAMESPACE,
            "MetricData": [{**one, "Dimensions": dimensions} for one in metrics],
        }
        self._call(region, lambda: cloudwatch._put_metric_data({}, request, False, True))

    def _call(self, region: str, call: Callable[[], Any]) -> None:
        def make() -> None:
            with request_scope(self.account, region):
                call()

        self.run(make)
        state_saves.note_change()


def _place(stream: str) -> Mapping[str, str]:
    return {"logGroupName": LOG_GROUP, "logStreamName": stream}
