"""Starting many: bounded, paced, and ended by an error."""

import pytest

from operations.service.executions import paced


def test_results_come_in_order() -> None:
    assert list(range(100)) == list(paced(lambda number: number, range(100), rate=100_000))


def test_rate_limits_the_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("operations.service.executions.sleep", slept.append)
    monkeypatch.setattr("operations.service.executions.monotonic", lambda: sum(slept))
    list(paced(lambda number: number, range(40), rate=20))
    assert pytest.approx(39 / 20) == sum(slept)


def test_error_ends_the_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    def fail(number: int) -> None:
        begun.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        list(paced(fail, range(1000), rate=100_000))
    assert len(begun) < 100
