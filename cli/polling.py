"""Wait for something on AWS, with growing pauses."""

from collections.abc import Iterator
from time import monotonic, sleep

_FIRST, _LONGEST = 0.5, 30.0  # seconds: short for the local cloud, long for AWS


def poll(timeout: float) -> Iterator[float]:
    """Yield elapsed seconds with growing pauses until `timeout`."""
    started = monotonic()
    while (elapsed := monotonic() - started) < timeout:
        yield elapsed
        sleep(min(_LONGEST, _FIRST + elapsed / 10))
