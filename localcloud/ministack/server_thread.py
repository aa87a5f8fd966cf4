"""Call MiniStack in the thread that answers requests.

Most of its services expect a single thread. A listing of objects fails while another thread adds
an object.
"""

import asyncio
from collections.abc import Callable
from typing import Any

# Makes a call and returns its result.
type Runner = Callable[[Callable[[], Any]], Any]


def run_here(call: Callable[[], Any]) -> Any:
    """Make a call in the caller's thread, for tests without a server."""
    return call()


def run_in(loop: asyncio.AbstractEventLoop) -> Runner:
    """Return a runner that waits until the event loop has made the call.

    Use it in other threads than the thread of the loop.
    """

    def run(call: Callable[[], Any]) -> Any:
        async def make() -> Any:
            return call()

        return asyncio.run_coroutine_threadsafe(make(), loop).result()

    return run
