"""Check the page of an execution: title, states, cut values, and no image bytes in any text."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operations.service.execution_page import cause, facts, render, shown
from operations.service.history import (
    AnotherWorkflowError,
    Execution,
    ExecutionNotFoundError,
    NoHistoryError,
    read_execution,
    read_history,
)
from tests.unit.operations.in_memory import Account

DEFINITION = json.loads(
    (Path(__file__).parents[4] / "statemachine/image_classification.asl.json").read_text()
)
BEGUN = datetime(2026, 1, 2, tzinfo=UTC)
IMAGE = base64.b64encode(bytes(range(256))).decode()


def entered(name: str, given: Any, second: int = 0) -> dict[str, Any]:
    details = {"name": name, "input": json.dumps(given)}
    return {
        "type": "TaskStateEntered",
        "timestamp": at(second),
        "stateEnteredEventDetails": details,
    }


def exited(name: str, output: Any, second: int) -> dict[str, Any]:
    details = {"name": name, "output": json.dumps(output)}
    return {"type": "TaskStateExited", "timestamp": at(second), "stateExitedEventDetails": details}


def at(second: int) -> datetime:
    return BEGUN + timedelta(seconds=second)


SCHEDULED = {"type": "TaskScheduled", "timestamp": BEGUN}
FAILED = {
    "type": "TaskFailed",
    "timestamp": BEGUN,
    "taskFailedEventDetails": {"error": "OddError", "cause": "<odd>"},
}
ENDED = {
    "type": "ExecutionFailed",
    "timestamp": at(3),
    "executionFailedEventDetails": {"error": "OddError"},
}


def page(
    *events: dict[str, Any], status: str = "SUCCEEDED", stopped: datetime | None = BEGUN
) -> str:
    return render(Execution("arn:of:one", status, BEGUN, stopped, DEFINITION, read_history(events)))


def test_history_counts_retries_and_keeps_their_errors() -> None:
    events = [
        entered("Classify image", {}),
        SCHEDULED,
        FAILED,
        SCHEDULED,
        exited("Classify image", {}, 2),
    ]
    [step] = read_history(events).steps
    assert 1 == step.retries
    assert ["OddError"] == [failure.error for failure in step.failures]
    assert 2000 == step.milliseconds


def test_page_shows_the_image_once_as_a_picture_and_never_in_text() -> None:
    given = {"image_data": IMAGE, "content_type": "image/png"}
    shown_page = page(entered("Classify image", given), exited("Classify image", given, 1))
    assert 1 == shown_page.count(IMAGE)
    assert f'src="data:image/png;base64,{IMAGE}"' in shown_page


def test_page_of_a_failure_in_the_first_state_shows_the_error() -> None:
    failed = page(entered("Read input", {}), ENDED, status="FAILED")
    assert "The execution failed with OddError" in failed
    assert 1 == failed.count(' taken" data-state=')


def test_page_of_a_running_execution_says_so() -> None:
    assert "still running" in page(entered("Read input", {}), status="RUNNING", stopped=None)


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        (
            "my truck.jpg: accepted, truck 0.937",
            {"outcome": "ACCEPTED", "classification": "truck", "confidence_score": 0.93799},
        ),
        (
            "my truck.jpg: for review, car 0.999",
            {"outcome": "REVIEW", "classification": "car", "confidence_score": 0.99999},
        ),
        (
            "my truck.jpg: unreadable, CorruptImageError",
            {"outcome": "UNREADABLE", "error": "CorruptImageError", "cause": "Damaged."},
        ),
    ],
)
def test_title_says_what_happened_to_which_image(expected: str, output: dict[str, Any]) -> None:
    given = {"image_url": "s3://images/uploads/my truck.jpg"}
    html = page(entered("Announce outcome", given), exited("Announce outcome", output, 1))
    assert f"<title>{expected}</title>" in html
    assert f"<h1>{expected}</h1>" in html


def test_title_takes_the_name_of_the_image_from_an_upload_event() -> None:
    event = {"detail": {"object": {"key": "uploads/a/truck.jpg"}}}
    html = page(entered("Read input", event), ENDED, status="FAILED")
    assert "<title>truck.jpg: failed, OddError</title>" in html


def test_cause_of_a_failed_function_is_its_message_without_the_stack_trace() -> None:
    assert "It is damaged." == cause(
        json.dumps({"errorMessage": "It is damaged.", "stackTrace": ["x"]})
    )
    assert "Not JSON." == cause("Not JSON.")


def test_decision_shows_short_numbers_and_omits_the_threshold_of_an_unreadable_image() -> None:
    found = facts({"confidence_score": 0.881410464228, "processing_time_ms": 8047})
    assert {"confidence": "0.8814", "time from upload": "8.05 s"} == found
    assert {"error": "AnError"} == facts({"error": "AnError", "confidence_threshold": 0.0})


def test_errors_are_shown_as_text() -> None:
    assert "&lt;odd&gt;" in page(entered("Classify image", {}), SCHEDULED, FAILED)


def test_long_values_are_cut_and_their_size_is_shown() -> None:
    text = shown(json.dumps({"image_url": "x" * 10_000}))
    assert "(10,000 characters in all)" in text
    assert len(text) < 1_000


def test_missing_execution_is_reported(account: Account) -> None:
    with pytest.raises(ExecutionNotFoundError, match="is not found"):
        read_execution(
            account.context,
            "arn:aws:states:us-east-1:000000000000:execution:image-classification:none",
        )


def test_execution_of_another_workflow_is_refused(account: Account) -> None:
    arn = account.states.start_execution(
        stateMachineArn="arn:aws:states:::stateMachine:other", input="{}"
    )
    with pytest.raises(
        AnotherWorkflowError,
        match=r"belongs to the stack another-stack\. Use --stack another-stack",
    ):
        read_execution(account.context, arn["executionArn"])


def test_express_execution_has_no_history(account: Account) -> None:
    with pytest.raises(NoHistoryError):
        read_execution(
            account.context,
            "arn:aws:states:us-east-1:000000000000:express:image-classification:a:b",
        )
