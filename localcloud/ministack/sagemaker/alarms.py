"""Read the alarms that endpoints watch during updates."""

from collections.abc import Iterable

from ministack.core.responses import request_scope
from ministack.services import cloudwatch

from localcloud.ministack.cloudwatch.metric_store import CLOCK


class MiniStackAlarms:
    """The alarms of one account."""

    def __init__(self, account: str) -> None:
        self._account = account

    def states(self, region: str, names: Iterable[str]) -> dict[str, str]:
        """Evaluate the existing alarms among these names; return their states."""
        with request_scope(self._account, region):
            cloudwatch._evaluate_all_alarms()
            found = {
                name: cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
                for name in names
            }
        return {name: str(alarm["StateValue"]) for name, alarm in found.items() if alarm}

    def now(self) -> float:
        """Return the time of the evaluation, in seconds since the epoch."""
        return CLOCK.now()
