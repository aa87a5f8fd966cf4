"""Calls of MiniStack are made in the thread of the event loop."""

import asyncio
import threading

import pytest

from localcloud.ministack.server_thread import run_here, run_in


def test_call_of_another_thread_runs_in_the_thread_of_the_loop() -> None:
    async def serve() -> tuple[int, int]:
        run = run_in(asyncio.get_running_loop())
        made = await asyncio.to_thread(run, threading.get_ident)
        return made, threading.get_ident()

    made, of_loop = asyncio.run(serve())
    assert of_loop == made


def test_error_of_the_call_is_raised_in_the_calling_thread() -> None:
    def fail() -> None:
        raise ValueError("no bucket")

    async def serve() -> None:
        await asyncio.to_thread(run_in(asyncio.get_running_loop()), fail)

    with pytest.raises(ValueError, match="no bucket"):
        asyncio.run(serve())


def test_call_without_a_server_is_made_at_once() -> None:
    assert threading.get_ident() == run_here(threading.get_ident)
