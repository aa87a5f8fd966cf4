"""Looking again and again at something on AWS that takes its time."""

from collections.abc import Iterator
from time import monotonic, sleep

_FIRST, _LONGEST = 0.5, 30.0  # seconds: soon enough for the local cloud, sparing enough for AWS


def looks(timeout: float) -> Iterator[float]:
    """Yield the seconds gone, at once and then ever less often, until `timeout` seconds are over."""
    started = monotonic()
    while (gone := monotonic() - started) < timeout:
        yield gone
        sleep(min(_LONGEST, _FIRST + gone / 10))
