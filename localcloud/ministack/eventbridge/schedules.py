"""Let schedules follow the clock of metrics and alarms, which tests put ahead.

MiniStack: starts the targets of a schedule by the real time.
AWS: has one time. Here a test that skips an hour also gets the events of the schedules in it: one
event of each schedule that is due, as after a pause of the local cloud.
Source: the clock has no counterpart on AWS, see cloudwatch/metric_store.py. Schedules: EventBridge
User Guide, "Creating a scheduled rule (legacy) in Amazon EventBridge".
Remove this patch when the local cloud has no clock that tests put ahead.
"""

from collections.abc import Callable
from time import time

from ministack.services import eventbridge

from localcloud.ministack.cloudwatch.metric_store import CLOCK
from localcloud.ministack.patch import wrap


class _Seen:
    """How far the clock was ahead when the schedules were last looked at."""

    ahead = 0.0


def install() -> None:
    """Count skipped time before each look at the schedules."""
    wrap(eventbridge, "_tick_scheduled_rules", "", _tick)


def _tick(original: Callable[[], None]) -> None:
    skipped, _Seen.ahead = CLOCK.ahead - _Seen.ahead, CLOCK.ahead
    if skipped:
        original()  # a new schedule begins with its first look, and must not miss the skipped time
        fired = eventbridge._rule_last_fired
        for key in list(fired):
            fired[key] = min(fired[key] - skipped, time())
    original()
