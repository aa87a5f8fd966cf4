"""Save the state at the right times."""

import asyncio
from time import monotonic

import pytest

from localcloud.server import checkpoint
from localcloud.server.checkpoint import is_due, keep_saved


def test_save_is_due_when_it_is_quiet_after_a_request() -> None:
    assert is_due(now=103, last_request=100, last_save=90)


def test_save_is_not_due_while_requests_come() -> None:
    assert not is_due(now=101, last_request=100, last_save=90)


def test_save_is_not_due_again_without_a_request() -> None:
    assert not is_due(now=500, last_request=100, last_save=103)


def test_save_is_due_under_steady_load_after_a_minute() -> None:
    assert is_due(now=151, last_request=150.9, last_save=90)


@pytest.mark.parametrize(("waited", "due"), [(149, False), (151, True)])
def test_save_under_steady_load_takes_at_most_a_fiftieth_of_the_time(
    waited: float, due: bool
) -> None:
    assert due == is_due(now=waited, last_request=waited, last_save=0, last_cost=3)


def test_keep_saved_continues_after_an_unexpected_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "QUIET_SECONDS", -1)
    saves: list[str] = []

    def fail() -> None:
        saves.append("failed")
        raise TypeError("Object of type set is not JSON serializable")

    async def keep_for_a_while() -> None:
        task = asyncio.create_task(keep_saved(lambda: monotonic() + 0.5, fail))
        while len(saves) < 2 and not task.done():
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(keep_for_a_while())
    assert 2 == len(saves)


def test_save_that_failed_is_repeated_without_another_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checkpoint, "QUIET_SECONDS", -1)
    monkeypatch.setattr(checkpoint, "RETRY_SECONDS", -1)
    requests = iter([monotonic() + 0.5])
    saves: list[str] = []

    def fail_once() -> None:
        saves.append("save")
        if len(saves) == 1:
            raise OSError(28, "No space left on device")

    async def keep_for_a_while() -> None:
        task = asyncio.create_task(keep_saved(lambda: next(requests, 0.0), fail_once))
        for _ in range(50):
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(keep_for_a_while())
    assert 2 == len(saves)


def test_keep_saved_saves_once_after_the_last_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "QUIET_SECONDS", -1)  # quiet at once, without a pause
    saves: list[str] = []
    requests = iter([monotonic() + 0.5])

    async def keep_for_a_while() -> None:
        task = asyncio.create_task(
            keep_saved(lambda: next(requests, 0.0), lambda: saves.append("saved"))
        )
        for _ in range(50):
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(keep_for_a_while())
    assert ["saved"] == saves
