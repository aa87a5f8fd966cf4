"""backlog: the images that it starts, and its messages."""

import argparse
import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from cli.outcomes import FINAL, OUTCOMES
from cli.service import PrefixNotReadableError
from operations.commands import backlog
from operations.service.backlog_workflow import BacklogRunningError, NoSuchBacklogError
from tests.unit.operations.in_memory import BACKLOG, Account

type Options = Callable[..., argparse.Namespace]


def listed(account: Account) -> list[dict[str, str]]:
    """The rows of the list that the backlog workflow was started with."""
    [request] = account.states.requests(BACKLOG)
    body = (
        account.context.aws.s3.get_object(Bucket="images", Key=request["list"])["Body"]
        .read()
        .decode()
    )
    return list(csv.DictReader(io.StringIO(body, newline="")))


def test_current_versions_under_a_prefix_are_listed(account: Account, options: Options) -> None:
    account.store("archive/a.png")
    current = account.store("archive/a.png")
    account.store("archive/folder/", b"")
    account.store("archive/gone.png")
    account.context.aws.s3.delete_object(Bucket="images", Key="archive/gone.png")
    backlog.run(account.context, options(backlog, "--prefix", "archive/", "--yes", "--no-wait"))
    [row] = listed(account)
    assert "s3://images/archive/a.png" == row["image_url"]
    assert current == row["version_id"]


def test_key_with_commas_quotes_and_line_ends_survives_the_list(
    account: Account, options: Options
) -> None:
    account.store('archive/a, "b"\né.png')
    backlog.run(account.context, options(backlog, "--prefix", "archive/", "--yes", "--no-wait"))
    assert 's3://images/archive/a, "b"\né.png' == listed(account)[0]["image_url"]


def test_images_with_a_final_outcome_are_left_out_and_failed_ones_are_not(
    account: Account, options: Options
) -> None:
    for outcome in OUTCOMES:
        account.record(f"archive/{outcome}", account.store(f"archive/{outcome}"), outcome=outcome)
    result = backlog.run(
        account.context, options(backlog, "--prefix", "archive/", "--yes", "--no-wait")
    )
    assert 1 == result.data["images"]
    assert len(FINAL) == result.data["decided"]
    assert ["s3://images/archive/FAILED"] == [row["image_url"] for row in listed(account)]


def test_nothing_is_started_for_an_empty_prefix(account: Account, options: Options) -> None:
    account.record("archive/a", account.store("archive/a"), outcome="REVIEW")
    result = backlog.run(account.context, options(backlog, "--prefix", "archive/", "--yes"))
    assert 0 == result.status
    assert 0 == result.data["started"]
    assert [] == account.states.started
    assert "nothing to do" in account.shown.getvalue()


def test_dry_run_shows_the_cost_and_starts_nothing(account: Account, options: Options) -> None:
    account.store("archive/a")
    result = backlog.run(account.context, options(backlog, "--prefix", "archive/", "--dry-run"))
    assert result.data["dry_run"] is True
    assert 0 < result.data["dollars"] < 0.001
    assert [] == account.states.started
    assert "state transitions" in account.shown.getvalue()


def test_settings_are_passed_on(account: Account, options: Options) -> None:
    account.store("archive/a")
    more = ["--concurrency", "7", "--tolerated-failures", "0.1", "--confidence-threshold", "0.9"]
    backlog.run(
        account.context, options(backlog, "--prefix", "archive/", "--yes", "--no-wait", *more)
    )
    [request] = account.states.requests(BACKLOG)
    del request["list"]
    assert {
        "max_concurrency": 7,
        "tolerated_failure_percentage": 10,
        "confidence_threshold": 0.9,
    } == request


def work_off(account: Account, outcome: str, status: str) -> None:
    """Have the backlog workflow end with an outcome for the first of its images."""

    def work(execution: str, _request: dict[str, Any]) -> None:
        account.decide(execution, listed(account)[0], outcome)
        name = execution.rsplit(":", 1)[-1]
        account.store(f"backlog/{name}/map/manifest.json", b"{}")

    account.states.work, account.states.status = work, status


def test_end_of_a_backlog_shows_outcomes_report_and_cost(
    account: Account, options: Options
) -> None:
    account.store("archive/a")
    work_off(account, "ACCEPTED", "SUCCEEDED")
    result = backlog.run(account.context, options(backlog, "--prefix", "archive/", "--yes"))
    assert 0 == result.status
    assert "SUCCEEDED" == result.data["status"]
    expected = dict.fromkeys(OUTCOMES, 0) | {"ACCEPTED": 1, "undecided": 0}
    assert expected == result.data["outcomes"]
    assert result.data["report"].startswith("s3://images/backlog/")
    assert result.data["dollars_per_image"] > 0.0002


def test_failed_backlog_ends_with_status_1(account: Account, options: Options) -> None:
    account.store("archive/a")
    account.store("archive/b")
    work_off(account, "FAILED", "FAILED")
    result = backlog.run(account.context, options(backlog, "--prefix", "archive/", "--yes"))
    assert 1 == result.status
    assert 1 == result.data["outcomes"]["FAILED"]
    assert 1 == result.data["outcomes"]["undecided"]


def test_running_backlog_can_be_followed_again(account: Account, options: Options) -> None:
    account.store("archive/a")
    work_off(account, "REVIEW", "SUCCEEDED")
    execution = backlog.run(
        account.context, options(backlog, "--prefix", "archive/", "--yes")
    ).data["execution"]
    assert (
        1
        == backlog.run(account.context, options(backlog, "--follow", execution)).data["outcomes"][
            "REVIEW"
        ]
    )


def test_interruption_shows_how_to_follow_and_how_to_stop_the_backlog(
    account: Account, options: Options
) -> None:
    account.store("archive/a")
    account.states.counts = {}  # the fake's way to be interrupted
    account.states.describe_map_run = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        backlog.run(account.context, options(backlog, "--prefix", "archive/", "--yes"))
    shown = account.shown.getvalue()
    assert "--follow arn:aws:states" in shown
    assert "stop-execution --execution-arn arn:aws" in shown


def interrupt(*, mapRunArn: str) -> dict[str, Any]:  # noqa: N803
    raise KeyboardInterrupt


def test_execution_that_is_not_a_backlog_cannot_be_followed(
    account: Account, options: Options
) -> None:
    with pytest.raises(NoSuchBacklogError):
        backlog.run(account.context, options(backlog, "--follow", "arn:of:nothing"))


def test_second_backlog_is_refused_while_one_runs(account: Account, options: Options) -> None:
    account.store("archive/a")
    account.states.status = "RUNNING"
    backlog.run(account.context, options(backlog, "--prefix", "archive/", "--yes", "--no-wait"))
    with pytest.raises(BacklogRunningError, match="--follow arn:"):
        backlog.run(account.context, options(backlog, "--prefix", "archive/", "--yes", "--no-wait"))


@pytest.mark.parametrize("prefix", ["", "archive", "lists/", "s3://images/archive/"])
def test_prefix_that_the_service_may_not_read_is_refused(
    account: Account, options: Options, prefix: str
) -> None:
    with pytest.raises(PrefixNotReadableError):
        backlog.run(account.context, options(backlog, "--prefix", prefix))


@pytest.mark.parametrize("text", ["0", "1e-7", "1.1", "nan", "high"])
def test_invalid_confidence_threshold_is_wrong_usage(options: Options, text: str) -> None:
    with pytest.raises(SystemExit):
        options(backlog, "--prefix", "archive/", "--confidence-threshold", text)
