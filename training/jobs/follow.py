"""Follows a training job to its end, with a progress bar over its epochs."""

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
    """The training job failed."""


class TrainingStoppedError(TrainingError):
    """The training job was stopped before it was done."""


class MaxRuntimeExceededError(TrainingStoppedError):
    """The training job ran longer than --max-runtime."""


class MaxWaitTimeExceededError(TrainingStoppedError):
    """The training job got too little time on spot machines within --max-wait."""


class JobVanishedError(TrainingError):
    """The training job is no more: run the same command again for a new one."""


@contextmanager
def left_running(console: Console, announced: str, what: str, stop: str) -> Iterator[None]:
    """Announce a job. Leave it running when Ctrl-C ends the block; show the command that stops it."""
    try:
        console.print(announced)  # in here: Ctrl-C may come as soon as the user reads it
        yield
    except KeyboardInterrupt:
        console.print(f"The {what} goes on without you. To stop it: {stop}")
        raise


def follow(
    jobs: Jobs, name: str, epochs: int, logs: "CloudWatchLogsClient", console: Console
) -> tuple[Mapping[str, Any], JobLog]:
    """Wait for the end of a job; return its description and its log.

    Args:
        jobs: Where the job runs.
        name: The job's name.
        epochs: How many it was asked for.
        logs: Where its log is.
        console: Where its progress is shown.

    Raises:
        JobVanishedError: there is no such job.
    """
    job: Mapping[str, Any] = {}
    log, reader = JobLog(), LogReader(logs, name)
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
        console.print(
            f"The metrics of the epochs are not shown, the log may not be read: {reader.refused}"
        )
    return job, log


def check_completed(job: Mapping[str, Any], log: JobLog) -> None:
    """Refuse any end but `Completed`: a stopped job may have left a model, but it is not the one that was asked for.

    Raises:
        TrainingFailedError, TrainingStoppedError: with the reason, and how to go on.
    """
    name, status, secondary = (
        job["TrainingJobName"],
        job["TrainingJobStatus"],
        job.get("SecondaryStatus"),
    )
    if status == "Failed":
        reason = job.get("FailureReason", "no reason given")
        last = (f"  {line}" for line in log.tail)
        raise TrainingFailedError(f"The training job {name} failed: {reason}", *last)
    if status == "Stopped":
        going_on = "Its checkpoints are kept; the same command goes on from them"
        if secondary == "MaxRuntimeExceeded":
            raise MaxRuntimeExceededError(
                f"{name}: {MaxRuntimeExceededError.__doc__} {going_on}, best with more of it."
            )
        if secondary == "MaxWaitTimeExceeded":
            raise MaxWaitTimeExceededError(
                f"{name}: {MaxWaitTimeExceededError.__doc__} {going_on}, best with more of it or without --spot."
            )
        raise TrainingStoppedError(f"The training job {name} was stopped. {going_on}.")


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
