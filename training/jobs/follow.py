"""Follow a training job to its end, and show its epochs in a progress bar."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cli.polling import poll
from training.jobs.log import JobLog, LogReader
from training.jobs.training_jobs import Jobs
from training.project.errors import TrainingError
from untrusted.console import Console, progress

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_ENDED = {"Completed", "Failed", "Stopped"}


class TrainingFailedError(TrainingError):
    """Read the reason and the log: the training job failed."""


class TrainingStoppedError(TrainingError):
    """Run the same command again to resume: the training job was stopped."""


class MaxRuntimeExceededError(TrainingStoppedError):
    """Use a larger --max-runtime: the training job exceeded it."""


class MaxWaitTimeExceededError(TrainingStoppedError):
    """Use a larger --max-wait, or leave out --spot: spot machines were not available in time."""


class JobVanishedError(TrainingError):
    """Run the same command again to start a new job: the training job does not exist any more."""


@contextmanager
def left_running(console: Console, announced: str, what: str, stop: str) -> Iterator[None]:
    """Announce a job, and show how to stop it if Ctrl-C ends the block while it runs."""
    try:
        console.print(announced)  # inside, because Ctrl-C may follow immediately
        yield
    except KeyboardInterrupt:
        console.print(f"The {what} keeps running. To stop it: {stop}")
        raise


def follow(
    jobs: Jobs, name: str, epochs: int, logs: "CloudWatchLogsClient", console: Console
) -> tuple[Mapping[str, Any], JobLog]:
    """Wait for the end of a job, and return its description and its log.

    Args:
        jobs: Describes the job.
        name: Name of the job.
        epochs: Number of epochs of the job.
        logs: Client for the log.
        console: Shows progress.

    Raises:
        JobVanishedError: The job does not exist.
    """
    job: Mapping[str, Any] = {}
    log = JobLog()
    reader = LogReader(logs, name)

    with progress(console) as bars:
        bar = bars.add_task("training job", total=epochs, note="")
        for _ in poll(math.inf):  # the job's own limits end it
            job = _described(jobs, name)
            log.read(reader.new_lines())
            bars.update(
                bar, completed=log.epochs[-1].epoch + 1 if log.epochs else 0, note=_note(job, log)
            )
            if job["TrainingJobStatus"] in _ENDED:
                break
    if reader.refused:
        console.print(f"The log is not readable, so the epochs are not shown: {reader.refused}")
    return job, log


def check_completed(job: Mapping[str, Any], log: JobLog) -> None:
    """Refuse any end except `Completed`: the model of a stopped job is unfinished.

    Raises:
        TrainingFailedError: The job failed; the message has the reason and the last log lines.
        TrainingStoppedError: The job was stopped; the message says how to resume.
    """
    name = job["TrainingJobName"]
    status = job["TrainingJobStatus"]
    secondary = job.get("SecondaryStatus")

    if status == "Failed":
        reason = job.get("FailureReason", "no reason given")
        last = (f"  {line}" for line in log.tail)
        raise TrainingFailedError(f"The training job {name} failed: {reason}", *last)
    if status == "Stopped":
        resume = "Run the same command again to resume from its checkpoints."
        if secondary == "MaxRuntimeExceeded":
            raise MaxRuntimeExceededError(
                f"The training job {name} was stopped. {MaxRuntimeExceededError.__doc__} {resume}"
            )
        if secondary == "MaxWaitTimeExceeded":
            raise MaxWaitTimeExceededError(
                f"The training job {name} was stopped. {MaxWaitTimeExceededError.__doc__} {resume}"
            )
        raise TrainingStoppedError(f"The training job {name} was stopped. {resume}")


def _described(jobs: Jobs, name: str) -> Mapping[str, Any]:
    job = jobs.describe(name)
    if job is None:
        raise JobVanishedError(f"{name}: {JobVanishedError.__doc__}")
    return job


def _note(job: Mapping[str, Any], log: JobLog) -> str:
    if job["TrainingJobStatus"] in _ENDED or not log.epochs:
        return str(job.get("SecondaryStatus") or job["TrainingJobStatus"])
    latest = log.epochs[-1]
    train = "" if latest.train_accuracy is None else f"train {latest.train_accuracy:.3f}, "
    return f"{train}validation {latest.validation_accuracy:.3f}"
