"""Collect exceptions that MiniStack only logs, so that callers can act on them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_collected: ContextVar[list[Exception] | None] = ContextVar("collected", default=None)


class _Collector(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        found = _collected.get()
        # MiniStack puts the exception last: "Failed to persist S3 object %s/%s: %s".
        if found is not None and isinstance(record.args, tuple) and record.args:
            last = record.args[-1]
            if isinstance(last, Exception):
                found.append(last)
        return True


_collector = _Collector()


@contextmanager
def collect(logger: logging.Logger) -> Iterator[list[Exception]]:
    """Yield a list of the exceptions that this block and thread log with ``logger``."""
    logger.addFilter(_collector)  # adding a filter twice has no effect
    found: list[Exception] = []
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)
