"""MiniStack saves its state when it stops; the local cloud also when it comes to rest, so that a crash costs little."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

_logger = logging.getLogger(__name__)
# Long enough that no save falls between the requests of one deployment, short enough to be of use.
QUIET_SECONDS = 2.0
# Under steady load there is no rest, and a save stops the server for its duration.
LONGEST_SECONDS = 60.0


def is_due(now: float, last_request: float, last_save: float) -> bool:
    """Tell whether to save: something may have changed, and it is quiet or has not been for long. Times in seconds."""
    quiet, waited = now - last_request, now - last_save
    return last_request > last_save and (quiet > QUIET_SECONDS or waited > LONGEST_SECONDS)


async def keep_saved(last_request: Callable[[], float], save: Callable[[], None]) -> None:
    """Save whenever it is due, forever. ``last_request`` returns a time of ``time.monotonic``."""
    last_save = monotonic()
    while True:
        await asyncio.sleep(QUIET_SECONDS / 4)
        if is_due(monotonic(), last_request(), last_save):
            last_save = monotonic()
            try:
                save()
            except OSError:  # a full disk, say; the next save may find room
                _logger.exception("The state could not be saved")
