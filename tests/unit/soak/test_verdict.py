"""Check the report of a soak."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest

from cli.outcomes import OUTCOMES
from tests.soak.accounting import Violation
from tests.soak.deliveries import DeliveryVerdict
from tests.soak.verdict import Verdict
from untrusted.console import Console

DECIDED = {"ACCEPTED": 6, "REVIEW": 2, "UNREADABLE": 1, "FAILED": 1}
COUNTS = dict.fromkeys(OUTCOMES, 0) | DECIDED | {"OPEN": 0, "LOST": 0}
LOST = {**COUNTS, "REVIEW": 1, "LOST": 1}
VIOLATION = Violation(
    "every outcome is announced", "s3://images/uploads/a.png (version v1)", "was never announced"
)
TWICE = DeliveryVerdict(versions=10, calls_later=2.0, calls_at_once=3.0, wrong=[])


def verdict(outcomes: dict[str, int] = COUNTS, violations: tuple[Violation, ...] = ()) -> Verdict:
    return Verdict(
        seed=7,
        uploads=10,
        faults={"endpoint-throttled": 5, "event-late": 2},
        before_repair=LOST,
        outcomes=outcomes,
        announcements=12,
        executions={"SUCCEEDED": 11},
        violations=list(violations),
        seconds={"uploads": 1.0},
        images_per_second=10.0,
        good_p99_ms=123.0,
    )


def shown(result: Verdict) -> str:
    console = Console(file=StringIO(), width=200)
    result.show(console)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_verdict_shows_how_long_good_images_took() -> None:
    assert "99 of 100 good images were decided within 123 ms." in shown(verdict())


def test_uploads_that_all_have_an_outcome_are_reconciled() -> None:
    assert verdict().reconciled


@pytest.mark.parametrize("wrong", [verdict(LOST), verdict(violations=(VIOLATION,))])
def test_lost_upload_or_violation_is_not_reconciled(wrong: Verdict) -> None:
    assert not wrong.reconciled


def test_duplicates_that_cost_endpoint_calls_are_not_reconciled() -> None:
    result = verdict()
    result.deliveries = TWICE
    assert not result.reconciled


def test_verdict_is_written_as_json(tmp_path: Path) -> None:
    verdict(violations=(VIOLATION,)).write(tmp_path / "verdict.json")
    document = json.loads((tmp_path / "verdict.json").read_text())
    assert document["reconciled"] is False
    assert 7 == document["seed"]
    assert COUNTS == document["outcomes"]
    assert [VIOLATION._asdict()] == document["violations"]


def test_offending_image_and_the_sum_of_faults_are_shown() -> None:
    text = shown(verdict(violations=(VIOLATION,)))
    assert "uploads/a.png (version v1) was never announced" in text
    assert ["2", "kinds", "7"] == next(
        line.split() for line in text.splitlines() if "kinds" in line
    )


def test_last_line_says_whether_reconciliation_succeeds() -> None:
    assert "Reconciliation succeeds." == shown(verdict()).splitlines()[-1]
    assert "RECONCILIATION FAILS." == shown(verdict(LOST)).splitlines()[-1]


def test_faults_are_named_and_counted_on_a_narrow_terminal() -> None:
    console = Console(file=StringIO(), width=80)
    verdict().show(console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert re.search("endpoint-throttled +5 +InvokeEndpoint answers 400", text)
