"""The check as people run it, against the local cloud."""

from collections.abc import Callable
from time import monotonic

import pytest

from tests.workflow.operations import Operations

SECONDS = 60


@pytest.mark.long
def test_check_reports_what_the_local_cloud_does_not_emulate_within_a_minute(
    operations: Operations, record_property: Callable[[str, object], None]
) -> None:
    started = monotonic()
    result = operations("check")
    seconds = monotonic() - started
    outcomes = {name: count for name, count in result["outcomes"].items() if count}
    record_property("shown", f"check against the local cloud: {seconds:.0f} s, {outcomes}")

    assert seconds < SECONDS
    assert {"accepted", "not emulated", "looked up"} == outcomes.keys()
    assert 1 == outcomes["looked up"]
    assert {"template", "definition", "state"} == {
        row["check"] for row in result["rows"] if row["outcome"] == "accepted"
    }
    assert {"policy", "quota"} == {
        row["check"] for row in result["rows"] if row["outcome"] == "not emulated"
    }
