"""Looking again and again at something on AWS that takes its time."""

import time
from collections.abc import Iterator

_FIRST, _LONGEST = 0.5, 30.0  # seconds: soon enough for the local cloud, sparing enough for AWS


def looks(timeout: float) -> Iterator[float]:
    """Yield the seconds gone, at once and then ever less often, until `timeout` seconds are over."""
    started = time.monotonic()
    while (gone := time.monotonic() - started) < timeout:
        yield gone
        time.sleep(min(_LONGEST, _FIRST + gone / 10))
