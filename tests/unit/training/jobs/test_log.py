"""Read the log of a training job."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from training.jobs.log import GROUP, Epoch, JobLog, LogReader
from training.steps.context import Context

LINES = [
    "[11/23/2026 01:02:03 INFO 140] the backbone is EfficientNet-Lite0; num_layers is recorded",
    "[11/23/2026 01:02:04 INFO 140] "
    "Epoch[0] Batch [20]#011Speed: 111.81 samples/sec#011accuracy=0.501000",
    "[11/23/2026 01:02:05 INFO 140] Epoch[0] Train-accuracy=0.812500",
    "[11/23/2026 01:02:05 INFO 140] Epoch[0] Time cost=1.210",
    "[11/23/2026 01:02:06 INFO 140] Epoch[0] Validation-accuracy=0.750000",
    "[11/23/2026 01:02:07 INFO 140] Epoch[1] Train-accuracy=0.9",
    "[11/23/2026 01:02:08 INFO 140] Epoch[1] Validation-accuracy=0.9",
]


@pytest.fixture
def read_log() -> JobLog:
    log = JobLog()
    log.read(LINES)
    return log


@pytest.fixture
def logs(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.logs) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def streams(stubber: Stubber, *names: str) -> None:
    answer = {"logStreams": [{"logStreamName": name} for name in names]}
    stubber.add_response(
        "describe_log_streams", answer, {"logGroupName": GROUP, "logStreamNamePrefix": "job-1/"}
    )


def page(stubber: Stubber, stream: str, token: str | None, following: str, *messages: str) -> None:
    asked: dict[str, Any] = {"logGroupName": GROUP, "logStreamName": stream, "startFromHead": True}
    events = [{"timestamp": 0, "message": message} for message in messages]
    stubber.add_response(
        "get_log_events",
        {"events": events, "nextForwardToken": following},
        {**asked, "nextToken": token} if token else asked,
    )


def test_epochs_are_read_in_the_words_of_the_algorithm(read_log: JobLog) -> None:
    assert [Epoch(0, 0.8125, 0.75), Epoch(1, 0.9, 0.9)] == read_log.epochs


def test_the_backbone_is_the_one_that_the_log_names(read_log: JobLog) -> None:
    assert "EfficientNet-Lite0" == read_log.backbone


def test_an_epoch_counts_once_it_is_validated() -> None:
    log = JobLog()
    log.read(LINES[:4])
    assert [] == log.epochs


def test_best_epoch_is_the_last_that_the_algorithm_stored(read_log: JobLog) -> None:
    read_log.read(
        ["Storing the best model with validation accuracy: 0.9", "Epoch[2] Validation-accuracy=0.9"]
    )
    assert read_log.epochs[1] is read_log.best


def test_log_without_a_stored_epoch_gives_no_epoch(read_log: JobLog) -> None:
    assert read_log.best is None


def test_an_epoch_that_was_repeated_after_an_interruption_counts_as_it_ended(
    read_log: JobLog,
) -> None:
    read_log.read(["Epoch[1] Train-accuracy=0.5", "Epoch[1] Validation-accuracy=0.6"])
    assert [0, 1] == [epoch.epoch for epoch in read_log.epochs]
    assert Epoch(1, 0.5, 0.6) == read_log.epochs[1]


def test_an_accuracy_that_is_no_number_is_no_metric(read_log: JobLog) -> None:
    read_log.read(["Epoch[2] Validation-accuracy=nan"])
    assert [0, 1] == [epoch.epoch for epoch in read_log.epochs]


def test_the_end_of_a_long_log_is_kept() -> None:
    log = JobLog()
    log.read(str(number) for number in range(100))
    assert "99" == log.tail[-1]
    assert len(log.tail) < 20


def test_a_log_is_read_on_from_where_it_ended(context: Context, logs: Stubber) -> None:
    reader = LogReader(context.aws.logs, "job-1")
    streams(logs, "job-1/algo-1-100")
    page(logs, "job-1/algo-1-100", None, "f/1", "one")
    page(logs, "job-1/algo-1-100", "f/1", "f/1")
    streams(logs, "job-1/algo-1-100")
    page(logs, "job-1/algo-1-100", "f/1", "f/2", "two", "three")
    page(logs, "job-1/algo-1-100", "f/2", "f/2")
    assert [["one"], ["two", "three"]] == [list(reader.new_lines()), list(reader.new_lines())]


def test_an_empty_page_is_not_taken_for_the_end(context: Context, logs: Stubber) -> None:
    streams(logs, "job-1/algo-1-100")
    page(logs, "job-1/algo-1-100", None, "f/1")
    page(logs, "job-1/algo-1-100", "f/1", "f/2", "one")
    page(logs, "job-1/algo-1-100", "f/2", "f/2")
    assert ["one"] == list(LogReader(context.aws.logs, "job-1").new_lines())


def test_the_second_machine_of_an_interrupted_job_is_read_too(
    context: Context, logs: Stubber
) -> None:
    streams(logs, "job-1/algo-1-100", "job-1/algo-1-200")
    page(logs, "job-1/algo-1-100", None, "f/1", "one")
    page(logs, "job-1/algo-1-100", "f/1", "f/1")
    page(logs, "job-1/algo-1-200", None, "f/7", "two")
    page(logs, "job-1/algo-1-200", "f/7", "f/7")
    assert ["one", "two"] == list(LogReader(context.aws.logs, "job-1").new_lines())


def test_a_log_that_is_not_there_yet_has_no_lines(context: Context, logs: Stubber) -> None:
    logs.add_client_error("describe_log_streams", "ResourceNotFoundException")
    assert [] == list(LogReader(context.aws.logs, "job-1").new_lines())


def test_a_log_that_may_not_be_read_is_asked_for_once(context: Context, logs: Stubber) -> None:
    reader = LogReader(context.aws.logs, "job-1")
    logs.add_client_error("describe_log_streams", "AccessDeniedException", "not you")
    assert [[], []] == [list(reader.new_lines()), list(reader.new_lines())]
    assert "not you" in str(reader.refused)


def test_a_log_that_breaks_is_an_error(context: Context, logs: Stubber) -> None:
    logs.add_client_error("describe_log_streams", "ServiceUnavailableException")
    with pytest.raises(ClientError):
        list(LogReader(context.aws.logs, "job-1").new_lines())
