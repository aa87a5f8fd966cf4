"""An execution as a page: what it did, with long values cut and no bytes of the image in any text."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operations.service.execution_page import render, shown
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


def test_page_of_an_execution_that_goes_on_says_so() -> None:
    assert "still running" in page(entered("Read input", {}), status="RUNNING", stopped=None)


def test_errors_stand_on_the_page_as_text() -> None:
    assert "&lt;odd&gt;" in page(entered("Classify image", {}), SCHEDULED, FAILED)


def test_long_values_are_cut_and_their_size_is_shown() -> None:
    text = shown(json.dumps({"image_url": "x" * 10_000}))
    assert "(10,000 characters in all)" in text
    assert len(text) < 1_000


def test_missing_execution_is_reported(account: Account) -> None:
    with pytest.raises(ExecutionNotFoundError, match="is not there"):
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
