"""redrive: the images that start again, their input, and the messages."""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.outcomes import FINAL, OUTCOMES
from cli.service import PrefixNotReadableError
from operations.commands import redrive
from tests.unit.operations.in_memory import Account
from untrusted.tests.hostile_text import HOSTILE, KEY, require_honest

type Options = Callable[..., argparse.Namespace]
ETAG = "0123456789abcdef0123456789abcdef"


def fail(
    account: Account,
    key: str = "uploads/a.png",
    version: str = "v1",
    error: str = "EndpointTimeoutError",
    threshold: str = "0.8",
) -> None:
    account.record(
        key, version, threshold, outcome="FAILED", error=error, execution="the one that failed"
    )


def upload_event(key: str, version: str = "v1") -> dict[str, Any]:
    stored = {"key": key, "version-id": version, "etag": ETAG, "sequencer": "01"}
    return {
        "detail-type": "Object Created",
        "time": "now",
        "detail": {"bucket": {"name": "images"}, "object": stored},
    }


def bad_end(request: dict[str, Any] | None, status: str = "ABORTED", **more: str) -> dict[str, Any]:
    detail = {
        "executionArn": "arn:ended",
        "status": status,
        "input": request and json.dumps(request),
        **more,
    }
    return {"detail-type": "Step Functions Execution Status Change", "detail": detail}


def test_error_and_key_cannot_forge_a_line(account: Account, options: Options) -> None:
    account.record(KEY, "v1", outcome="FAILED", error=HOSTILE)
    result = redrive.run(account.context, options(redrive, "--dry-run"))
    require_honest(account.shown.getvalue())
    assert {HOSTILE: 1} == result.data["by_error"]


def test_failed_image_is_started_with_version_and_threshold_of_its_record(
    account: Account, options: Options
) -> None:
    fail(account)
    redrive.run(account.context, options(redrive, "--yes", "--no-wait"))
    assert [
        {
            "image_url": "s3://images/uploads/a.png",
            "version_id": "v1",
            "uploaded_at": "2026-11-23T06:20:11Z#01",
            "confidence_threshold": 0.8,
        }
    ] == account.states.requests()


def test_etag_is_not_taken_for_a_version_id(account: Account, options: Options) -> None:
    fail(account, version=ETAG)
    redrive.run(account.context, options(redrive, "--yes", "--no-wait"))
    assert [
        {"image_url": "s3://images/uploads/a.png", "confidence_threshold": 0.8}
    ] == account.states.requests()


def test_threshold_of_the_model_card_is_not_requested_again(
    account: Account, options: Options
) -> None:
    fail(account, version=ETAG, threshold="0")
    redrive.run(account.context, options(redrive, "--yes", "--no-wait"))
    assert [{"image_url": "s3://images/uploads/a.png"}] == account.states.requests()


def test_decided_and_open_images_are_not_redriven(account: Account, options: Options) -> None:
    for outcome in FINAL:
        account.record(f"uploads/{outcome}", "v", outcome=outcome)
    account.record("uploads/open", "v", opened=timedelta(days=1))
    assert 0 == redrive.run(account.context, options(redrive, "--yes")).data["failures"]
    assert [] == account.states.started


def test_redrive_waits_for_the_outcomes_and_shows_them(account: Account, options: Options) -> None:
    fail(account)
    account.states.work = account.decide
    result = redrive.run(account.context, options(redrive, "--yes"))
    assert dict.fromkeys(OUTCOMES, 0) | {"ACCEPTED": 1} == result.data["outcomes"]
    assert 0 == result.data["open"]
    assert 0 == result.status


def test_second_failure_is_distinguished_from_the_first(account: Account, options: Options) -> None:
    fail(account)
    account.states.work = lambda execution, request: account.decide(execution, request, "FAILED")
    result = redrive.run(account.context, options(redrive, "--yes"))
    assert 1 == result.data["outcomes"]["FAILED"]
    assert 1 == result.status


def test_execution_that_failed_without_a_record_is_not_waited_for(
    account: Account, options: Options
) -> None:
    def refuse(execution: str, _request: dict[str, Any]) -> None:
        ended_at = datetime.now(UTC) - timedelta(minutes=1)
        account.states.executions[execution] |= {
            "status": "FAILED",
            "error": "ImageAccessDeniedError",
            "stopDate": ended_at,
        }

    fail(account)
    account.states.work = refuse
    result = redrive.run(account.context, options(redrive, "--yes"))
    assert {"ImageAccessDeniedError": 1} == result.data["refused"]
    assert 0 == result.data["open"]
    assert 1 == result.status


def test_image_without_a_new_outcome_is_still_open_in_the_end(
    account: Account, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.polling.sleep", lambda _seconds: None)
    chosen = options(redrive, "--yes")
    chosen.timeout = 0.05
    fail(account)
    result = redrive.run(account.context, chosen)
    assert 1 == result.data["open"]
    assert 1 == result.status


def test_failure_whose_record_was_opened_late_is_redriven(
    account: Account, options: Options
) -> None:
    its_own = {"execution": "an execution", "opened_by": "an execution"}
    account.record(
        "uploads/a.png", "v1", outcome="FAILED", error="E", opened=timedelta(minutes=1), **its_own
    )
    data = redrive.run(account.context, options(redrive, "--yes", "--no-wait")).data
    assert 1 == data["started"]
    assert 0 == data["under_way"]


def test_redrive_that_is_under_way_is_not_repeated(account: Account, options: Options) -> None:
    account.record("uploads/a.png", "v1", outcome="FAILED", error="E", opened=timedelta(minutes=1))
    data = redrive.run(account.context, options(redrive, "--yes")).data
    assert 0 == data["failures"]
    assert 1 == data["under_way"]
    assert [] == account.states.started


def test_redrive_that_left_no_outcome_long_ago_is_repeated(
    account: Account, options: Options
) -> None:
    account.record("uploads/a.png", "v1", outcome="FAILED", error="E", opened=timedelta(hours=1))
    assert 1 == redrive.run(account.context, options(redrive, "--yes", "--no-wait")).data["started"]


def test_errors_are_counted_before_anything_is_started(account: Account, options: Options) -> None:
    for number in range(3):
        fail(account, f"uploads/{number}", error="SomeError" if number else "Workflow.Timeout")
    data = redrive.run(account.context, options(redrive, "--dry-run")).data
    assert {"SomeError": 2, "Workflow.Timeout": 1} == data["by_error"]
    assert [] == account.states.started


def test_one_error_and_one_prefix_can_be_chosen(account: Account, options: Options) -> None:
    fail(account, "uploads/a/1", error="Workflow.Timeout")
    fail(account, "uploads/a/2")
    fail(account, "uploads/b/1", error="Workflow.Timeout")
    chosen = options(
        redrive, "--yes", "--no-wait", "--error", "Workflow.Timeout", "--prefix", "uploads/a/"
    )
    redrive.run(account.context, chosen)
    assert ["s3://images/uploads/a/1"] == [
        request["image_url"] for request in account.states.requests()
    ]


def test_prefix_that_the_service_may_not_read_is_refused(
    account: Account, options: Options
) -> None:
    with pytest.raises(PrefixNotReadableError, match="'upload/'"):
        redrive.run(account.context, options(redrive, "--prefix", "upload/"))


def test_dead_lettered_upload_is_started_with_its_event(account: Account, options: Options) -> None:
    account.send(upload_event("uploads/é a.png"), ERROR_CODE="NO_PERMISSIONS")
    data = redrive.run(account.context, options(redrive, "--yes", "--no-wait")).data
    assert {"NO_PERMISSIONS": 1} == data["by_error"]
    assert [upload_event("uploads/é a.png")] == account.states.requests()
    assert 0 == account.messages()


@pytest.mark.parametrize(
    ("status", "more", "error"),
    [
        ("TIMED_OUT", {}, "Workflow.Timeout"),
        ("ABORTED", {}, "ExecutionAborted"),
        ("FAILED", {"error": "States.Runtime"}, "Workflow.Runtime"),
        ("FAILED", {"error": "EndpointTimeoutError"}, "EndpointTimeoutError"),
    ],
)
def test_unrecorded_failed_execution_is_started_with_its_input(
    account: Account, options: Options, status: str, more: dict[str, str], error: str
) -> None:
    account.send(bad_end({"image_url": "s3://images/archive/a.png"}, status, **more))
    data = redrive.run(account.context, options(redrive, "--yes")).data
    assert {error: 1} == data["by_error"]
    assert 1 == data["not_followed"]
    assert [{"image_url": "s3://images/archive/a.png"}] == account.states.requests()


def test_input_that_was_too_large_for_the_event_is_asked_for(
    account: Account, options: Options
) -> None:
    account.states.executions["arn:ended"] = {"input": json.dumps(upload_event("uploads/a"))}
    account.send(bad_end(None))
    redrive.run(account.context, options(redrive, "--yes", "--no-wait"))
    assert [upload_event("uploads/a")] == account.states.requests()


def test_image_with_record_and_message_is_started_once(account: Account, options: Options) -> None:
    fail(account)
    account.send(upload_event("uploads/a.png"))
    redrive.run(account.context, options(redrive, "--yes", "--no-wait"))
    assert 1 == len(account.states.started)
    assert 0 == account.messages()


def test_image_that_is_decided_is_announced_again_and_not_started(
    account: Account, options: Options
) -> None:
    account.record("uploads/a.png", "v1", outcome="ACCEPTED")
    event = bad_end(upload_event("uploads/a.png"), "FAILED", error="EventBridge.FailedEntry")
    account.send(event, ERROR_CODE="SDK_CLIENT_ERROR")
    data = redrive.run(account.context, options(redrive, "--yes")).data
    assert 0 == data["started"]
    assert 1 == data["decided"]
    assert [] == account.states.started
    assert 0 == account.messages()
    [(body, attributes)] = account.failures()
    assert event == json.loads(body)
    assert "SDK_CLIENT_ERROR" == attributes["ERROR_CODE"]["StringValue"]


def test_image_requested_by_name_and_decided_is_announced_again(
    account: Account, options: Options
) -> None:
    account.record("uploads/a.png", "v1", outcome="ACCEPTED", execution="arn:of another day")
    account.record("uploads/a.png", "v2", outcome="REVIEW", execution="arn:ended")
    account.send(
        bad_end(
            {"image_url": "s3://images/uploads/a.png"}, "FAILED", error="EventBridge.FailedEntry"
        )
    )
    data = redrive.run(account.context, options(redrive, "--yes")).data
    assert 0 == data["started"]
    assert 1 == data["decided"]
    assert [] == account.states.started
    assert 1 == len(account.failures())


def test_image_requested_by_name_and_failed_is_started_once_with_its_version(
    account: Account, options: Options
) -> None:
    account.record("uploads/a.png", "v1", outcome="FAILED", execution="arn:ended", error="E")
    account.send(bad_end({"image_url": "s3://images/uploads/a.png"}))
    redrive.run(account.context, options(redrive, "--yes", "--no-wait"))
    assert ["v1"] == [request["version_id"] for request in account.states.requests()]


def test_announcement_is_not_made_again_unless_it_is_confirmed(
    account: Account, options: Options
) -> None:
    account.record("uploads/a.png", "v1", outcome="ACCEPTED")
    account.send(upload_event("uploads/a.png"))
    redrive.run(account.context, options(redrive, "--dry-run"))
    assert 1 == account.messages()
    assert [] == account.failures()


def test_image_with_two_messages_is_started_once_and_both_are_deleted(
    account: Account, options: Options
) -> None:
    account.send(upload_event("uploads/a.png"))
    account.send(bad_end(upload_event("uploads/a.png")))
    redrive.run(account.context, options(redrive, "--yes", "--no-wait"))
    assert 1 == len(account.states.started)
    assert 0 == account.messages()


@pytest.mark.parametrize(
    "arguments", [["--dry-run", "--yes"], ["--error", "Other", "--yes"], ["--dry-run"]]
)
def test_message_that_is_not_redriven_stays_and_is_visible(
    account: Account, options: Options, arguments: list[str]
) -> None:
    account.send(upload_event("uploads/a.png"))
    redrive.run(account.context, options(redrive, *arguments))
    assert 1 == account.messages()
    assert [] == account.states.started


def test_message_whose_execution_could_not_be_started_stays(
    account: Account, options: Options
) -> None:
    def refuse(_execution: str, _request: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    account.states.work = refuse
    account.send(upload_event("uploads/a.png"))
    with pytest.raises(KeyboardInterrupt):
        redrive.run(account.context, options(redrive, "--yes"))
    assert 1 == account.messages()


ELSEWHERE = json.dumps(bad_end({"image_url": "s3://other/uploads/a.png"}))
NUMBER = json.dumps(bad_end({"image_url": "s3://images/uploads/a.png", "version_id": 7}))
BODIES = ["hello", "[]", "{}", '{"detail": null}', '{"detail": {"bucket": {}}}', ELSEWHERE, NUMBER]


@pytest.mark.parametrize("body", BODIES)
def test_message_that_names_no_image_is_counted_and_left(
    account: Account, options: Options, body: str
) -> None:
    account.send(body)
    data = redrive.run(account.context, options(redrive, "--yes")).data
    assert 1 == data["messages_without_image"]
    assert 0 == data["started"]
    assert 1 == account.messages()
