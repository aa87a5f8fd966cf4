"""Read the time: in seconds since the epoch, and in ISO 8601 for workflows."""

import time
from datetime import UTC, datetime


def now() -> float:
    """Return seconds since the epoch, to the millisecond."""
    return round(time.time(), 3)


def iso(seconds: float) -> str:
    """Return a time in the format of workflows: 2026-01-15T09:30:02.000Z."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
