"""MiniStack saves its state when it stops; the local cloud also when it comes to rest, so that a crash costs little."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

_logger = logging.getLogger(__name__)
# Long enough that no save falls between the requests of one deployment, short enough to be of use.
QUIET_SECONDS = 2.0
# Under steady load there is no rest, and a save stops the server for its duration: at most this share of the time.
LONGEST_SECONDS = 60.0
LARGEST_SHARE = 0.02
# After a save that failed, though nothing changes any more.
RETRY_SECONDS = 5.0


def is_due(now: float, last_request: float, last_save: float, last_cost: float = 0.0) -> bool:
    """Tell whether to save: something may have changed, and it is quiet or has not been for long.

    Args:
        now: the time, in seconds as are the others.
        last_request: when it came.
        last_save: when it began.
        last_cost: how long it took.
    """
    quiet, waited = now - last_request, now - last_save
    longest = max(LONGEST_SECONDS, last_cost / LARGEST_SHARE)
    return last_request > last_save and (quiet > QUIET_SECONDS or waited > longest)


async def keep_saved(last_request: Callable[[], float], save: Callable[[], None]) -> None:
    """Save whenever it is due, forever. ``last_request`` returns a time of ``time.monotonic``."""
    last_save, last_cost = monotonic(), 0.0
    saved = True
    while True:
        await asyncio.sleep(QUIET_SECONDS / 4)
        again = not saved and monotonic() - last_save > RETRY_SECONDS
        if again or is_due(monotonic(), last_request(), last_save, last_cost):
            last_save = monotonic()
            try:
                save()
                saved = True
            except Exception:  # a full disk, say; the next save may find room
                _logger.exception("The state could not be saved")
                saved = False
            last_cost = monotonic() - last_save
