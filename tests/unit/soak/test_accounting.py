"""Every check of the account can fail, and says of which image."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.outcomes import OUTCOMES
from examples.demo.uploads import Sample
from tests.soak.accounting import CHECKS, Evidence, count, violations
from tests.soak.announcements import Announcement
from tests.soak.changes import Change
from tests.soak.endpoint_calls import CALLS_PER_EXECUTION
from tests.soak.traffic import Sent

URL, VERSION, EXECUTION = "s3://images/uploads/soak/1/a.png", "v1", "arn:execution:1"
IDENTITY = (URL, VERSION)
SOUND = Sample(Path("truck.png"), "truck.png", "truck")
BROKEN = Sample(Path("letter.jpg"), "letter.jpg", None)
RESULT: Mapping[str, Any] = {
    "image_processed": True,
    "image_url": URL,
    "version": VERSION,
    "outcome": "ACCEPTED",
    "classification": "truck",
    "confidence_score": 0.9123456789012345,
    "class_probabilities": {"truck": 0.9123456789012345, "automobile": 0.0876543210987655},
}
# In the table: 15 digits, and what else is known of the record.
RECORD: Mapping[str, Any] = {
    **RESULT,
    "confidence_score": 0.912345678901235,
    "class_probabilities": {"truck": 0.912345678901235, "automobile": 0.0876543210987655},
    "uploaded_at": "2026-11-23T06:20:11Z#01",
    "execution": EXECUTION,
}
OPEN: Mapping[str, Any] = {"image_url": URL, "version": VERSION, "opened_by": EXECUTION}
FAILED: Mapping[str, Any] = {
    "image_url": URL,
    "version": VERSION,
    "outcome": "FAILED",
    "error": "Sandbox.Timedout",
}
BALANCED = Evidence(
    sent=[Sent(URL, VERSION, SOUND)],
    newest={URL: VERSION},
    records={IDENTITY: RECORD},
    decided_before_repair={IDENTITY},
    succeeded_before_repair=[EXECUTION],
    announced=[Announcement(dict(RESULT), EXECUTION)],
    changes=[
        Change(None, dict(OPEN)),
        Change(dict(OPEN), dict(FAILED)),
        Change(dict(FAILED), dict(RECORD)),
    ],
    endpoint_calls={"uploads/soak/1/a.png": CALLS_PER_EXECUTION},
    reference={
        "truck.png": RESULT,
        "letter.jpg": {"outcome": "UNREADABLE", "error": "UnsupportedImageFormatError"},
    },
    reconciled=True,
)
REVIEWED = {**RECORD, "outcome": "REVIEW"}
UNREADABLE = {"image_url": URL, "version": VERSION, "outcome": "UNREADABLE", "uploaded_at": "t"}
NEWER = {**RECORD, "version": "v0", "uploaded_at": "2026-11-23T06:20:11Z#02"}
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("every upload has its outcome", {"records": {}}),
    ("every upload has its outcome", {"records": {IDENTITY: {**OPEN, "uploaded_at": "t"}}}),
    (
        "every record is of an upload",
        {"records": {IDENTITY: RECORD, (URL, "v0"): {**RECORD, "version": "v0"}}},
    ),
    (
        "every outcome is the one without faults",
        {"records": {IDENTITY: {**RECORD, "classification": "automobile"}}},
    ),
    (
        "every outcome is the one without faults",
        {"records": {IDENTITY: {**RECORD, "confidence_score": 0.91}}},
    ),
    ("every outcome is the one without faults", {"records": {IDENTITY: {**RECORD, **FAILED}}}),
    ("unreadable is the fault of the image", {"records": {IDENTITY: UNREADABLE}}),
    ("unreadable is the fault of the image", {"sent": [Sent(URL, VERSION, BROKEN)]}),
    (
        "the newest upload is the current record",
        {"records": {IDENTITY: RECORD, (URL, "v0"): NEWER}},
    ),
    ("every outcome is announced", {"announced": []}),
    ("every outcome is announced", {"announced": [Announcement(dict(FAILED), EXECUTION)]}),
    ("no announcement contradicts the record", {"records": {IDENTITY: REVIEWED}}),
    ("outcomes only move forward", {"changes": [Change(dict(RECORD), dict(FAILED))]}),
    ("outcomes only move forward", {"changes": [Change(dict(RECORD), dict(REVIEWED))]}),
    ("outcomes only move forward", {"changes": [Change(dict(FAILED), dict(OPEN))]}),
    ("outcomes only move forward", {"changes": [Change(dict(RECORD), None)]}),
    (
        "every write knows the one before",
        {"changes": [Change(None, dict(OPEN)), Change(None, dict(RECORD))]},
    ),
    ("every success has a record", {"decided_before_repair": set()}),
    (
        "no execution calls the endpoint too often",
        {"endpoint_calls": {"uploads/soak/1/a.png": 1 + CALLS_PER_EXECUTION}},
    ),
    ("the tool for operations agrees", {"reconciled": False}),
]


def checks(evidence: Evidence) -> set[str]:
    return {violation.check for violation in violations(evidence)}


def test_image_that_failed_first_is_reconciled() -> None:
    assert [] == violations(BALANCED)


@pytest.mark.parametrize(("check", "change"), WRONG)
def test_wrong_evidence_is_named_by_its_check(check: str, change: dict[str, Any]) -> None:
    assert check in checks(replace(BALANCED, **change))


def test_every_check_is_among_those_that_were_seen_to_fail() -> None:
    assert len(CHECKS) == len({check for check, _ in WRONG})


def test_violation_names_the_image() -> None:
    [violation] = [
        v
        for v in violations(replace(BALANCED, announced=[]))
        if v.check == "every outcome is announced"
    ]
    assert f"{URL} (version {VERSION})" == violation.image


def test_second_write_of_the_same_outcome_is_not_a_change() -> None:
    again = Change(dict(RECORD), {**RECORD, "recorded_at": "later"})
    assert [] == violations(replace(BALANCED, changes=[*BALANCED.changes, again]))


def test_two_executions_may_call_the_endpoint_six_times() -> None:
    opened, failed, decided = BALANCED.changes
    reopened = {**FAILED, "opened_by": "arn:execution:2"}
    changes = [opened, failed, Change(failed.after, reopened), Change(reopened, decided.after)]
    evidence = replace(
        BALANCED, changes=changes, endpoint_calls={"uploads/soak/1/a.png": 2 * CALLS_PER_EXECUTION}
    )
    assert [] == violations(evidence)


def test_count_distinguishes_open_and_lost_uploads() -> None:
    sent = [Sent(URL, version, SOUND) for version in ("v1", "v2", "v3")]
    counted = count(sent, {IDENTITY: RECORD, (URL, "v2"): OPEN})
    assert dict.fromkeys(OUTCOMES, 0) | {"ACCEPTED": 1, "OPEN": 1, "LOST": 1} == counted
