"""How a training job is followed, and which ends are errors."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.stub import Stubber

from training.jobs import follow
from training.jobs.log import JobLog
from training.steps.context import Context
from untrusted.console import Console


class Scripted:
    """A job that is described as a script says, the last word again and again."""

    def __init__(self, *statuses: tuple[str, str]) -> None:
        self._statuses = list(statuses)

    def image(self, algorithm: str = "image-classification") -> str:
        raise NotImplementedError

    def create(self, request: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def describe(self, name: str) -> Mapping[str, Any] | None:
        if not self._statuses:
            return None
        status, secondary = self._statuses.pop(0)
        return {"TrainingJobName": name, "TrainingJobStatus": status, "SecondaryStatus": secondary}

    def model_digest(self, url: str) -> str:
        raise NotImplementedError


@pytest.fixture
def logs(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.logs) as stubber:
        yield stubber


def log_says(stubber: Stubber, *messages: str) -> None:
    stubber.add_response(
        "describe_log_streams", {"logStreams": [{"logStreamName": "job-1/algo-1-1"}]}
    )
    events = [{"timestamp": 0, "message": message} for message in messages]
    for page in (events, []):
        stubber.add_response("get_log_events", {"events": page, "nextForwardToken": "f/1"})


def ended(status: str, secondary: str = "", reason: str | None = None) -> dict[str, Any]:
    job = {
        "TrainingJobName": "job-1",
        "TrainingJobStatus": status,
        "SecondaryStatus": secondary or status,
    }
    return {**job, "FailureReason": reason} if reason else job


def test_a_job_is_followed_to_its_end(
    context: Context, logs: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.polling.sleep", lambda _seconds: None)
    jobs = Scripted(("InProgress", "Training"), ("Completed", "Completed"))
    for _ in range(2):
        logs.add_client_error("describe_log_streams", "ResourceNotFoundException")
    job, _ = follow.follow(jobs, "job-1", 2, context.aws.logs, context.console)
    assert "Completed" == job["TrainingJobStatus"]


def test_log_is_shown_and_recorded(context: Context, logs: Stubber, shown: io.StringIO) -> None:
    log_says(logs, "Epoch[0] Train-accuracy=0.9", "Epoch[0] Validation-accuracy=0.8")
    _, log = follow.follow(
        Scripted(("Completed", "Completed")), "job-1", 2, context.aws.logs, context.console
    )
    assert 0.8 == log.epochs[0].validation_accuracy
    assert "1/2 Completed" in " ".join(shown.getvalue().split())


def test_a_log_that_may_not_be_read_only_costs_the_metrics(
    context: Context, logs: Stubber, shown: io.StringIO
) -> None:
    logs.add_client_error("describe_log_streams", "AccessDeniedException", "not you")
    job, log = follow.follow(
        Scripted(("Completed", "Completed")), "job-1", 2, context.aws.logs, context.console
    )
    assert "Completed" == job["TrainingJobStatus"]
    assert [] == log.epochs
    assert "The log is not readable" in shown.getvalue()


def test_deleted_job_is_an_error(context: Context) -> None:
    with pytest.raises(follow.JobVanishedError, match="job-1"):
        follow.follow(Scripted(), "job-1", 2, context.aws.logs, context.console)


def test_a_completed_job_is_no_error() -> None:
    follow.check_completed(ended("Completed"), JobLog())


def test_a_failed_job_is_an_error_with_the_reason_and_the_end_of_the_log() -> None:
    log = JobLog()
    log.read(["ValueError: train is empty"])
    with pytest.raises(
        follow.TrainingFailedError, match=r"(?s)job-1 failed: AlgorithmError: why.*train is empty"
    ):
        follow.check_completed(ended("Failed", reason="AlgorithmError: why"), log)


@pytest.mark.parametrize(
    ("secondary", "expected", "option"),
    [
        ("Stopped", follow.TrainingStoppedError, "was stopped"),
        ("MaxRuntimeExceeded", follow.MaxRuntimeExceededError, "--max-runtime"),
        ("MaxWaitTimeExceeded", follow.MaxWaitTimeExceededError, "--max-wait"),
    ],
)
def test_a_stopped_job_is_an_error_that_says_how_to_go_on(
    secondary: str, expected: type[follow.TrainingStoppedError], option: str
) -> None:
    with pytest.raises(follow.TrainingStoppedError, match=option) as stopped:
        follow.check_completed(ended("Stopped", secondary), JobLog())
    assert expected == stopped.type
    assert "resume from its checkpoints" in str(stopped.value)


class InterruptedByItsReader(Console):
    """A console whose reader presses Ctrl-C on reading the announcement of a job."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*objects, **options)
        if objects == ("Job cars-1",):
            raise KeyboardInterrupt


def test_ctrl_c_on_the_announcement_shows_how_to_stop_the_job() -> None:
    shown = io.StringIO()
    console = InterruptedByItsReader(file=shown)
    with (
        pytest.raises(KeyboardInterrupt),
        follow.left_running(console, "Job cars-1", "job", "aws stop cars-1"),
    ):
        pytest.fail("The block began after the interruption.")
    assert "The job keeps running. To stop it: aws stop cars-1" in shown.getvalue()
