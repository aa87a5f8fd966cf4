"""Every field of the result is recorded, announced, documented and listed by `results`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.filter_inferences.app import filtered
from functions.filter_inferences.audit import Audit
from functions.filter_inferences.decision import Decision
from operations.service.results import COLUMNS
from review.events import image_reviewed, review_undone
from review.images import Answer, ImageKey, Reason, Verdict, WaitingImage

ROOT = Path(__file__).parents[2]
# Fields of the record alone: who wrote it, when, and the order of uploads.
BOOKKEEPING = {"uploaded_at", "execution", "recorded_at"}
# The outcome implies these fields; a column for each would repeat it.
IMPLIED_BY_OUTCOME = {"image_processed", "passed_threshold"}
TYPES = {
    "image_processed": "BOOL",
    "passed_threshold": "BOOL",
    "confidence_score": "N",
    "confidence_threshold": "N",
    "processing_time_ms": "N",
    "class_probabilities": "M",
    "audit": "M",
}


def prediction(states: dict[str, Any]) -> dict[str, Any]:
    """The result of an image that was classified, as the definition builds it."""
    result: dict[str, Any] = states["Filter inferences"]["Assign"]["result"]
    return result


def error_fields(states: dict[str, Any]) -> set[str]:
    """The fields of the result of an image that was not classified."""
    assigned = states["Explain error"]["Assign"]
    details = re.findall(r"'(\w+)':", assigned["details"])
    return {*assigned["result"], *details}


def item(states: dict[str, Any], state: str) -> dict[str, Any]:
    """The record as a state writes it."""
    found: Any = states[state]["Arguments"]["Item"]
    if isinstance(found, dict):
        return found

    # The state "Filter inferences" builds the prediction's record; the recording state adds fields
    # that it must compute once.
    built: dict[str, Any] = states["Filter inferences"]["Output"]["record"]
    added = re.findall(r"'(\w+)': (\{'\w+': [^}]*\})", found)
    return built | dict(added)


def test_every_field_of_a_prediction_is_recorded(states: dict[str, Any]) -> None:
    assert {*prediction(states)} == {*item(states, "Record prediction")} - BOOKKEEPING


def test_every_field_of_an_error_is_recorded(states: dict[str, Any]) -> None:
    assert error_fields(states) == {*item(states, "Record error")} - BOOKKEEPING


@pytest.mark.parametrize("state", ["Record prediction", "Record error"])
def test_every_attribute_holds_the_field_of_its_own_name(
    states: dict[str, Any], state: str
) -> None:
    for name, value in item(states, state).items():
        text = json.dumps(value)
        if name in BOOKKEEPING or name == "image_processed":
            continue
        if name == "outcome":
            assert prediction(states)["outcome"] in text or "$result.outcome" in text
            continue
        assert re.search(rf"\$(?:\w+\.)*{name}\b", text), name


@pytest.mark.parametrize("state", ["Record prediction", "Record error"])
def test_every_attribute_has_the_type_of_its_field(states: dict[str, Any], state: str) -> None:
    for name, value in item(states, state).items():
        text = json.dumps(value).replace("'", '"')
        assert f'"{TYPES.get(name, "S")}":' in text.replace('\\"', '"'), name


def test_event_and_output_are_the_whole_result(states: dict[str, Any]) -> None:
    for state in ("Announce outcome", "Announce failure"):
        [entry] = states[state]["Arguments"]["Entries"]
        assert "{% $result %}" == entry["Detail"] == states[state]["Output"]


def test_sample_event_has_every_field_of_a_prediction(states: dict[str, Any]) -> None:
    sample = json.loads((ROOT / "events/image_decided.json").read_text(encoding="utf-8"))
    assert [*prediction(states)] == [*sample["detail"]]


def reviewed_image(detail: dict[str, Any], reason: Reason, model_digest: str) -> WaitingImage:
    return WaitingImage(
        key=ImageKey(detail["image_url"], detail["version"]),
        reason=reason,
        outcome=detail["outcome"],
        classification=detail["classification"],
        confidence_score=0.6,
        class_probabilities={},
        audit_drawn=False,
        audit_probability=0.01,
        model_digest=model_digest,
        recorded_at="",
        revision=0,
    )


def test_sample_of_a_review_is_the_event_that_the_page_sends() -> None:
    sample = json.loads((ROOT / "events/image_reviewed.json").read_text(encoding="utf-8"))
    detail = sample["detail"]
    review = detail["review"]
    image = reviewed_image(detail, Reason(review["reason"]), review["model_digest"])
    answer = Answer(
        answer_id="answer-1",
        key=image.key,
        verdict=Verdict(review["verdict"]),
        label=review["class"],
        reviewer=review["reviewer"],
        answered_at=review["reviewed_at"],
        reason=image.reason,
        model_digest=image.model_digest,
        seconds=1,
    )

    sent = image_reviewed(image, [answer])

    assert sent["Source"] == sample["source"]
    assert sent["DetailType"] == sample["detail-type"]
    assert json.loads(sent["Detail"]) == detail


def test_sample_of_an_undo_is_the_event_that_the_page_sends() -> None:
    sample = json.loads((ROOT / "events/image_review_undone.json").read_text(encoding="utf-8"))
    image = reviewed_image(sample["detail"], Reason.REVIEW, "")

    sent = review_undone(image)

    assert sent["Source"] == sample["source"]
    assert sent["DetailType"] == sample["detail-type"]
    assert json.loads(sent["Detail"]) == sample["detail"]


def test_readme_shows_every_field_of_a_prediction(states: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", readme, re.DOTALL)]
    assert {*prediction(states)} in [{*found} for found in shown]


def test_workflow_reads_only_fields_that_the_filter_answers(states: dict[str, Any]) -> None:
    read = set(re.findall(r"Payload\.(\w+)", json.dumps(prediction(states))))
    answer = filtered(
        Decision(classification="truck", confidence=0.92, passed=True), Audit(False, 0.01)
    )
    assert read
    assert read <= {*answer}


def test_results_list_every_field(states: dict[str, Any]) -> None:
    fields = {*prediction(states)} | error_fields(states) | BOOKKEEPING
    assert {*COLUMNS} == fields - IMPLIED_BY_OUTCOME
