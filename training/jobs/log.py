"""The log of a training job: the metrics of its epochs, in the words of the built-in algorithm."""

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
_TAIL, _LONGEST = 5, 300  # lines, and characters of a line, that are shown of a job that failed


@dataclass
class Epoch:
    """Top-1 accuracy on both splits after an epoch; None as long as the log does not say."""

    epoch: int
    train_accuracy: float | None = None
    validation_accuracy: float | None = None


@dataclass
class JobLog:
    """What a job's log has said so far; `kept` is the epoch whose model the algorithm has stored as the best."""

    by_number: dict[int, Epoch] = field(default_factory=dict)
    backbone: str | None = None
    latest: Epoch | None = None
    kept: Epoch | None = None
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))

    def read(self, lines: Iterable[str]) -> None:
        """Take in more of the log. Going on from a checkpoint may log an epoch again: the later one counts."""
        for line in lines:
            self.tail.append(line[:_LONGEST])
            if found := _ACCURACY.search(line):
                epoch = self.by_number.setdefault(int(found[1]), Epoch(int(found[1])))
                setattr(epoch, f"{found[2].lower()}_accuracy", float(found[3]))
                self.latest = epoch
            elif _STORED in line:
                self.kept = self.latest
            elif found := _BACKBONE.search(line):
                self.backbone = found[1]

    @property
    def epochs(self) -> list[Epoch]:
        """The epochs that are done, in order."""
        done = (epoch for epoch in self.by_number.values() if epoch.validation_accuracy is not None)
        return sorted(done, key=lambda epoch: epoch.epoch)

    def as_data(self) -> list[dict[str, float]]:
        """The epochs for run.json."""
        return [asdict(epoch) for epoch in self.epochs]


@dataclass
class LogReader:
    """Reads a job's log streams in CloudWatch, each from where it ended the last time."""

    logs: "CloudWatchLogsClient"
    job: str
    refused: str | None = None  # why it cannot be read; the job goes on all the same
    _tokens: dict[str, str] = field(default_factory=dict)

    def new_lines(self) -> Iterator[str]:
        """The lines since the last call; none if the log is not there yet, or may not be read."""
        if self.refused:
            return
        try:
            streams = self.logs.describe_log_streams(
                logGroupName=GROUP, logStreamNamePrefix=f"{self.job}/"
            )
            for stream in streams[
                "logStreams"
            ]:  # one a machine: a spot interruption starts another
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
