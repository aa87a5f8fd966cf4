"""Check decisions read from executions, and their totals."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.outcomes import OUTCOMES
from examples.demo.decisions import Decision, Share, Upload, await_records, decide, total
from examples.demo.errors import UndecidedImagesError

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
EXECUTION = {"executionArn": "arn:of:one", "status": "SUCCEEDED", "startDate": NOON}


def upload(name: str, label: str | None = "truck") -> Upload:
    return Upload(Path(name), f"s3://images/uploads/{name}", "v1", label)


def decision(classification: str | None, outcome: str, label: str | None = "truck") -> Decision:
    output: dict[str, Any] = {"outcome": outcome}
    if classification:
        output["classification"] = classification
    return Decision(upload("a.png", label), output, ())


def entered(state: str) -> dict[str, Any]:
    details = {"name": state, "input": "{}"}
    return {"type": "PassStateEntered", "timestamp": NOON, "stateEnteredEventDetails": details}


def test_total_counts_every_outcome_even_if_none_had_it() -> None:
    totals = total([decision("truck", "ACCEPTED"), decision(None, "UNREADABLE", None)])
    assert dict.fromkeys(OUTCOMES, 0) | {"ACCEPTED": 1, "UNREADABLE": 1} == totals.outcomes


def test_accuracy_leaves_out_images_without_a_true_class() -> None:
    totals = total(
        [
            decision("truck", "ACCEPTED"),
            decision("automobile", "REVIEW"),
            decision("truck", "REVIEW", None),
        ]
    )
    assert Share(1, 2) == totals.accuracy


def test_accuracy_counts_an_undecided_labelled_image_as_wrong() -> None:
    assert Share(1, 2) == total([decision("truck", "ACCEPTED"), decision(None, "FAILED")]).accuracy


def test_accepted_accuracy_counts_only_accepted_images() -> None:
    totals = total([decision("truck", "ACCEPTED"), decision("automobile", "REVIEW")])
    assert Share(1, 1) == totals.accepted_accuracy


@pytest.mark.parametrize(
    ("expected", "share"), [("50.0 % (n = 4)", Share(2, 4)), ("- (n = 0)", Share(0, 0))]
)
def test_share_shows_its_n(expected: str, share: Share) -> None:
    assert expected == str(share)


def test_decide_reads_the_output_and_the_states_entered_in_order() -> None:
    history: list[dict[str, Any]] = [
        {"type": "ExecutionStarted"},
        entered("Read input"),
        entered("Serialize image"),
    ]
    description = EXECUTION | {"output": json.dumps({"outcome": "REVIEW"})}
    made = decide(upload("a.png"), description, history)
    assert "REVIEW" == made.outcome
    assert ("Read input", "Serialize image") == made.path


def test_decision_of_a_failed_execution_has_its_error_and_cause() -> None:
    failure = {"error": "EndpointNotFoundError", "cause": "No such endpoint."}
    made = decide(upload("a.png"), EXECUTION | failure, [])
    assert {
        "image_processed": False,
        "image_url": "s3://images/uploads/a.png",
        "outcome": "FAILED",
        "error": "EndpointNotFoundError",
        "cause": "No such endpoint.",
    } == made.output


def test_await_records_yields_each_upload_once_when_its_record_appears() -> None:
    first = upload("1.png")
    second = upload("2.png")
    searches = iter(
        [{}, {(second.image_url, "v1"): "execution-2"}, {(first.image_url, "v1"): "execution-1"}]
    )
    found = list(await_records([first, second], lambda pending: next(searches), lambda: None))
    assert [(second, "execution-2"), (first, "execution-1")] == found


def test_await_records_ends_when_the_pause_gives_up() -> None:
    def give_up() -> None:
        raise UndecidedImagesError

    with pytest.raises(UndecidedImagesError):
        list(await_records([upload("1.png")], lambda pending: {}, give_up))
