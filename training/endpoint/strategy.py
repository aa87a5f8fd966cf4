"""How an update moves the requests to the new model: at once or step by step, watched by alarms or not."""

import argparse
from dataclasses import dataclass
from typing import Any, Self

from cli.arguments import duration, percent
from training.endpoint.alarms import PERIOD
from training.endpoint.hosting import Hosting, HostingOptionsError

STRATEGY_OPTIONS = ("strategy", "share", "monitoring_period")
CANARY, LINEAR, ALL_AT_ONCE, ROLLING = "canary", "linear", "all-at-once", "rolling"
# Percent. A rolling batch may be smaller than a step of the other strategies.
SMALLEST_STEP, SMALLEST_BATCH, LARGEST_STEP = 10, 5, 50
SHARE = 50  # percent: of two instances, the fewest that can be divided, one
MONITORING_PERIOD = 300  # seconds: five periods of the alarms
# Wherever in a period the new model gets its share, a whole one of its own ends within two; in less time no alarm could
# have judged it, and nothing would be guarded.
SHORTEST_MONITORING_PERIOD = 2 * PERIOD


@dataclass(frozen=True)
class Strategy:
    """A way to move the requests: the percent of each step, and seconds for which the alarms are watched after each."""

    kind: str
    share: int
    monitoring_period: int

    @classmethod
    def of(cls, options: argparse.Namespace, hosting: Hosting) -> Self | None:
        """What the options ask for; None if nothing is to be watched.

        Raises:
            HostingOptionsError: options contradict each other, or the endpoint is serverless or cannot be divided.
        """
        if options.strategy is None:
            if options.share or options.monitoring_period is not None:
                raise HostingOptionsError("--share and --monitoring-period belong to --strategy.")
            return None
        if hosting.instance_type is None:
            raise HostingOptionsError(
                f"--strategy {options.strategy} is not for --mode serverless, of which SageMaker watches no update. "
                "Leave it out, or use --mode realtime."
            )
        if options.strategy != ALL_AT_ONCE and hosting.instances < 2:
            raise HostingOptionsError(
                f"--strategy {options.strategy} moves instance by instance: it needs at least --instances 2. With one "
                "instance, --strategy all-at-once watches the alarms too."
            )
        share = options.share or SHARE
        period = options.monitoring_period or MONITORING_PERIOD
        if options.strategy != ROLLING and share < SMALLEST_STEP:
            raise HostingOptionsError(
                f"--share {share / 100:g} is for --strategy rolling. "
                f"For {options.strategy} use {SMALLEST_STEP / 100:g} or more."
            )
        return cls(options.strategy, share, period)

    @property
    def seconds(self) -> int:
        """How long the alarms are watched in all, if none goes off."""
        steps = -(-100 // self.share)
        return (
            self.monitoring_period
            * {CANARY: 2, LINEAR: steps, ALL_AT_ONCE: 1, ROLLING: steps}[self.kind]
        )

    def patience(self, timeout: float) -> float:
        """Return the seconds that an update may take, if new instances take `timeout` seconds.

        SageMaker waits for new instances once, or for every rolling batch.
        """
        batches = -(-100 // self.share) if self.kind == ROLLING else 1
        return timeout * batches + self.seconds

    def request(self, alarms: list[str]) -> dict[str, Any]:
        """The members of UpdateEndpoint that have it watched."""
        rollback = {"Alarms": [{"AlarmName": name} for name in alarms]}
        return {"DeploymentConfig": {**self._policy(), "AutoRollbackConfiguration": rollback}}

    def _policy(self) -> dict[str, Any]:
        size = {"Type": "CAPACITY_PERCENT", "Value": self.share}
        if self.kind == ROLLING:
            # Without a size, a rollback would bring up the whole old fleet at once.
            batches = {"MaximumBatchSize": size, "RollbackMaximumBatchSize": size}
            return {
                "RollingUpdatePolicy": {**batches, "WaitIntervalInSeconds": self.monitoring_period}
            }
        routing: dict[str, Any] = {
            "Type": self.kind.upper().replace("-", "_"),
            "WaitIntervalInSeconds": self.monitoring_period,
        }
        if self.kind != ALL_AT_ONCE:
            routing["CanarySize" if self.kind == CANARY else "LinearStepSize"] = size
        # The last step is monitored for as long as the old instances wait for their end.
        policy = {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": self.monitoring_period,
        }
        return {"BlueGreenUpdatePolicy": policy}


def add_strategy_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a watched update."""
    add, kinds = parser.add_argument, (CANARY, LINEAR, ALL_AT_ONCE, ROLLING)
    add(
        "--strategy",
        choices=kinds,
        help="watch the update with alarms, and roll back if one goes into ALARM (default: do not)",
    )
    add(
        "--share",
        type=percent(SMALLEST_BATCH, LARGEST_STEP),
        metavar="SHARE",
        help="share of a canary, a linear step or a rolling batch, such as 0.25 "
        f"(default: {SHARE / 100:g})",
    )
    add(
        "--monitoring-period",
        type=duration(f"{SHORTEST_MONITORING_PERIOD}s", "1h"),
        metavar="DURATION",
        help="watch the alarms for this time after each step "
        f"(default: {MONITORING_PERIOD // 60}m)",
    )
