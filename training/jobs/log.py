"""Read the metrics of the epochs from the log of a training job."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.aws import PermissionMissingError, code_of, explain, sentence_of

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

GROUP = "/aws/sagemaker/TrainingJobs"
_ACCURACY = re.compile(r"Epoch\[(\d+)\] (Train|Validation)-accuracy=([0-9.]+)")
_STORED = "Storing the best model"
_BACKBONE = re.compile(r"backbone is ([^\s,;]+)")
_TAIL = 5  # last lines that are shown of a failed job
_LONGEST = 300  # characters of such a line


@dataclass
class Epoch:
    """Top-1 accuracy on both splits after an epoch, None until the log contains it."""

    epoch: int
    train_accuracy: float | None = None
    validation_accuracy: float | None = None


@dataclass
class JobLog:
    """The log of a job so far. `best` is the epoch whose model the algorithm has stored."""

    by_number: dict[int, Epoch] = field(default_factory=dict)
    backbone: str | None = None
    latest: Epoch | None = None
    best: Epoch | None = None
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))

    def read(self, lines: Iterable[str]) -> None:
        """Read more of the log. A resumed job may repeat an epoch; its last entry counts."""
        for line in lines:
            self.tail.append(line[:_LONGEST])
            if found := _ACCURACY.search(line):
                epoch = self.by_number.setdefault(int(found[1]), Epoch(int(found[1])))
                setattr(epoch, f"{found[2].lower()}_accuracy", float(found[3]))
                self.latest = epoch
            elif _STORED in line:
                self.best = self.latest
            elif found := _BACKBONE.search(line):
                self.backbone = found[1]

    @property
    def epochs(self) -> list[Epoch]:
        """Return the finished epochs in order."""
        done = (epoch for epoch in self.by_number.values() if epoch.validation_accuracy is not None)
        return sorted(done, key=lambda epoch: epoch.epoch)

    def as_data(self) -> list[dict[str, float]]:
        """Return the epochs for run.json."""
        return [asdict(epoch) for epoch in self.epochs]


@dataclass
class LogReader:
    """Reads new lines of a job's log streams in CloudWatch."""

    logs: "CloudWatchLogsClient"
    job: str
    refused: str | None = None  # why the log is not readable; the job does not depend on it
    _tokens: dict[str, str] = field(default_factory=dict)

    def new_lines(self) -> Iterator[str]:
        """Yield the lines since the last call, none if the log does not exist or is denied."""
        if self.refused:
            return
        try:
            streams = self.logs.describe_log_streams(
                logGroupName=GROUP, logStreamNamePrefix=f"{self.job}/"
            )
            # Each machine has a stream, and a spot interruption starts another machine.
            for stream in streams["logStreams"]:
                yield from self._rest_of(stream["logStreamName"])
        except ClientError as exc:
            if isinstance(explain(exc), PermissionMissingError):
                self.refused = sentence_of(exc)
            elif code_of(exc) != "ResourceNotFoundException":
                raise

    def _rest_of(self, stream: str) -> Iterator[str]:
        while True:
            before = self._tokens.get(stream)
            place = {"nextToken": before} if before else {}
            page = self.logs.get_log_events(
                logGroupName=GROUP,
                logStreamName=stream,
                startFromHead=True,
                **place,  # type: ignore[arg-type]
            )
            yield from (event["message"].rstrip() for event in page["events"])
            self._tokens[stream] = page["nextForwardToken"]
            if page["nextForwardToken"] == before:
                return
