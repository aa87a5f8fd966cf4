"""Save the state while the local cloud is idle, so that a crash loses little.

MiniStack saves its state only when it stops.
"""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

_logger = logging.getLogger(__name__)
# Longer than the pauses between the requests of a deployment, and short enough to be useful.
QUIET_SECONDS = 2.0
# A server under steady load is never idle, and a save stops it: saves take at most this share of
# the time.
LONGEST_SECONDS = 60.0
LARGEST_SHARE = 0.02
# A failed save is repeated after this time, without a change too.
RETRY_SECONDS = 5.0


def is_due(now: float, last_request: float, last_save: float, last_cost: float = 0.0) -> bool:
    """Return whether to save: the state may have changed, and the server is idle or was busy for
    long.

    Args:
        now: the time in seconds, as the other times.
        last_request: the time of the last request.
        last_save: the time at which the last save began.
        last_cost: the duration of the last save.
    """
    quiet = now - last_request
    waited = now - last_save
    longest = max(LONGEST_SECONDS, last_cost / LARGEST_SHARE)
    return last_request > last_save and (quiet > QUIET_SECONDS or waited > longest)


async def keep_saved(last_request: Callable[[], float], save: Callable[[], None]) -> None:
    """Save at the due times, forever. ``last_request`` returns a time of ``time.monotonic``."""
    last_save = monotonic()
    last_cost = 0.0
    saved = True
    while True:
        await asyncio.sleep(QUIET_SECONDS / 4)
        again = not saved and monotonic() - last_save > RETRY_SECONDS
        if again or is_due(monotonic(), last_request(), last_save, last_cost):
            last_save = monotonic()
            try:
                save()
                saved = True
            # For example a full disk; the next save may succeed.
            except Exception:
                _logger.exception("The state could not be saved")
                saved = False
            last_cost = monotonic() - last_save
