"""Every alarm rings when what it watches happens, and no longer than that."""

from collections.abc import Callable

import pytest

from local.server.cloud import Cloud
from tests.workflow.deployed import Deployed
from tests.workflow.monitoring.exercises import EXERCISES
from tests.workflow.monitoring.rehearsal import Rehearsal

type States = list[str]


@pytest.fixture(scope="module")
def alarms(cloud: Cloud, service: Deployed) -> set[str]:
    """The names of the deployed alarms, without the stack's."""
    found = cloud.client("cloudwatch").describe_alarms(
        AlarmNamePrefix=f"{service.stack}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return {
        one["AlarmName"].removeprefix(f"{service.stack}-") for one in found["MetricAlarms"] + found["CompositeAlarms"]
    }


@pytest.fixture(scope="module")
def exercised(cloud: Cloud, service: Deployed) -> dict[str, tuple[States, States]]:
    """The states that each alarm should have been in, and those that it was in."""
    return {alarm: _exercise(cloud, service, alarm) for alarm in EXERCISES}


def _exercise(cloud: Cloud, service: Deployed, alarm: str) -> tuple[States, States]:
    rehearsal = Rehearsal(cloud, service)
    try:
        pairs = [(expected, rehearsal.state(alarm, expected)) for expected in EXERCISES[alarm](rehearsal)]
    finally:
        rehearsal.close()
    return [expected for expected, _ in pairs], [state for _, state in pairs]


def test_every_alarm_has_an_exercise(alarms: set[str]) -> None:
    assert set(EXERCISES) == alarms


@pytest.mark.parametrize("alarm", EXERCISES)
def test_alarm_rings_while_its_condition_holds(alarm: str, exercised: dict[str, tuple[States, States]]) -> None:
    expected, states = exercised[alarm]
    assert expected == states
    assert {"OK", "ALARM"} == set(states)


def test_every_alarm_was_driven_to_alarm_and_back(
    alarms: set[str], exercised: dict[str, tuple[States, States]], record_property: Callable[[str, object], None]
) -> None:
    driven = {alarm for alarm, (expected, states) in exercised.items() if expected == states}
    record_property("shown", f"alarms exercised {len(driven)} / {len(alarms)}")
    assert alarms == driven
