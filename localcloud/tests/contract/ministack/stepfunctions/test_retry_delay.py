"""A Retry waits as long as Step Functions documents."""

from threading import current_thread
from typing import Any

import pytest
from ministack.services import stepfunctions

from localcloud.ministack.stepfunctions.retry_delay import delay_seconds


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, recorded instead of waited for; a late message of another test may start one more."""
    seconds: list[float] = []
    here = current_thread()

    def record(wait: float) -> None:
        if current_thread() is here:
            seconds.append(wait)

    monkeypatch.setattr(stepfunctions, "_scaled_sleep", record)
    return seconds


def _failing_task(**retrier: Any) -> dict[str, Any]:
    return {
        "Try": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Arguments": {"TableName": "missing", "Key": {"id": {"S": "1"}}},
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 4, **retrier}],
            "End": True,
        }
    }


def test_retry_with_max_delay_waits_no_longer(ministack: Any, slept: list[float]) -> None:
    ministack.run(_failing_task(IntervalSeconds=2, BackoffRate=2, MaxDelaySeconds=5))
    assert [2, 4, 5, 5] == slept


def test_retry_with_defaults_doubles_from_one_second(ministack: Any, slept: list[float]) -> None:
    ministack.run(_failing_task())
    assert [1, 2, 4, 8] == slept


def test_retry_with_full_jitter_waits_between_nothing_and_the_delay(ministack: Any, slept: list[float]) -> None:
    ministack.run(_failing_task(IntervalSeconds=2, BackoffRate=1, JitterStrategy="FULL"))
    assert all(0 <= seconds <= 2 for seconds in slept)
    assert 4 == len(set(slept))


def test_delay_with_full_jitter_draws_up_to_the_capped_delay() -> None:
    retrier = {"IntervalSeconds": 3, "BackoffRate": 3, "MaxDelaySeconds": 20, "JitterStrategy": "FULL"}
    assert 20 == delay_seconds(retrier, 2, uniform=lambda _low, high: high)
    assert 0 == delay_seconds(retrier, 2, uniform=lambda low, _high: low)
