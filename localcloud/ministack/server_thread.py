"""Call MiniStack in the thread that answers requests.

Most of its services expect a single thread: a list of objects fails while another thread adds one.
"""

import asyncio
from collections.abc import Callable
from typing import Any

# Makes a call and returns its result.
type Runner = Callable[[Callable[[], Any]], Any]


def run_here(call: Callable[[], Any]) -> Any:
    """Make a call in the thread of the caller: for tests, which have no server."""
    return call()


def run_in(loop: asyncio.AbstractEventLoop) -> Runner:
    """Return a runner for other threads than that of the event loop: it waits until the loop has made the call."""

    def run(call: Callable[[], Any]) -> Any:
        async def make() -> Any:
            return call()

        return asyncio.run_coroutine_threadsafe(make(), loop).result()

    return run
