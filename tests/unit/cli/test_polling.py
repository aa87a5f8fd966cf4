"""Looking again and again, ever less often, until a time is over."""

from itertools import pairwise

import pytest

from cli import polling
from cli.polling import poll


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(polling, "sleep", clock.sleep)
    monkeypatch.setattr(polling, "monotonic", clock.monotonic)
    return clock


def test_first_poll_is_at_once_and_second_soon_after(clock: Clock) -> None:
    seen = poll(10)
    assert [0.0, 0.5] == [next(seen), next(seen)]


def test_pauses_grow_to_at_most_half_a_minute(
    clock: Clock,
) -> None:
    moments = list(poll(1800))
    pauses = [round(later - earlier, 6) for earlier, later in pairwise(moments)]
    assert sorted(pauses) == pauses
    assert 30 == pauses[-1]


def test_polling_ends_at_the_timeout(clock: Clock) -> None:
    assert 9 < max(poll(10)) < 10
