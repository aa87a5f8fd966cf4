"""Schedules follow the clock that tests put ahead."""

from collections.abc import Iterator
from time import time
from typing import Any

import pytest
from ministack.services import eventbridge

from localcloud.ministack.cloudwatch.metric_store import CLOCK

KEY = ("000000000000", "us-east-1", "default|hourly")


@pytest.fixture(autouse=True)
def schedule(ministack: Any) -> Iterator[None]:
    """Have a schedule that started a second ago."""
    eventbridge._tick_scheduled_rules()
    eventbridge._rule_last_fired[KEY] = time() - 1
    yield
    del eventbridge._rule_last_fired[KEY]
    CLOCK.put_ahead(0)
    eventbridge._tick_scheduled_rules()


def _seconds_ago() -> float:
    return float(time() - eventbridge._rule_last_fired[KEY])


def test_skipped_hour_passes_for_schedules() -> None:
    CLOCK.put_ahead(3600)
    eventbridge._tick_scheduled_rules()
    assert 3600 < _seconds_ago() < 3660


def test_skipped_hour_passes_once() -> None:
    CLOCK.put_ahead(3600)
    for _ in range(3):
        eventbridge._tick_scheduled_rules()
    assert 3600 < _seconds_ago() < 3660


def test_clock_that_is_set_back_leaves_no_start_in_the_future() -> None:
    CLOCK.put_ahead(3600)
    eventbridge._tick_scheduled_rules()
    eventbridge._rule_last_fired[KEY] = time()
    CLOCK.put_ahead(0)
    eventbridge._tick_scheduled_rules()
    assert 0 <= _seconds_ago() < 60
