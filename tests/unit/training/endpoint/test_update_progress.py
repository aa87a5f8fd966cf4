"""Describe the progress of a monitored update."""

from datetime import UTC, datetime, timedelta
from typing import Any

from training.endpoint.update_progress import UpdateProgress

STATES = {"errors": "OK", "latency": "INSUFFICIENT_DATA"}


def progress() -> UpdateProgress:
    return UpdateProgress(300, lambda: STATES)


def updating(**status: Any) -> dict[str, Any]:
    """Describe an endpoint as DescribeEndpoint does during an update."""
    variants = [{"VariantName": "AllTraffic", "VariantStatus": [status] if status else []}]
    return {
        "EndpointStatus": "Updating",
        "PendingDeploymentSummary": {"ProductionVariants": variants},
    }


def test_line_has_the_stage_the_remaining_seconds_and_the_alarm_states() -> None:
    started = datetime.now(UTC) - timedelta(seconds=100)
    found = updating(Status="Baking", StatusMessage="50% of the traffic", StartTime=started)
    stage, left, alarms = progress().line(found).split("; ")
    assert "Baking, 50% of the traffic" == stage
    assert 195 <= int(left.removesuffix(" s left")) <= 200
    assert "alarms: errors OK, latency INSUFFICIENT_DATA" == alarms


def test_seconds_left_are_never_negative() -> None:
    found = updating(Status="Baking", StartTime=datetime.now(UTC) - timedelta(hours=1))
    assert "; 0 s left" in progress().line(found)


def test_stage_that_is_not_monitored_has_no_seconds_left() -> None:
    found = updating(Status="Creating", StartTime=datetime.now(UTC))
    assert progress().line(found).startswith("Creating; alarms")


def test_update_without_a_reported_stage_shows_the_status_of_the_endpoint() -> None:
    assert "" == progress().stage(updating())
    assert progress().line(updating()).startswith("Updating; alarms")
