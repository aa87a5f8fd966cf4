"""Describe how an update moves requests to the new model: at once or in steps, with alarms."""

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
SHARE = 50  # percent; one of two instances, the fewest that can be divided
MONITORING_PERIOD = 300  # seconds: five periods of the alarms
# The new model's first whole period ends within two periods, so a shorter time would not be
# guarded by any alarm.
SHORTEST_MONITORING_PERIOD = 2 * PERIOD


@dataclass(frozen=True)
class Strategy:
    """A kind of update, the percentage of each step, and the seconds of monitoring after each."""

    kind: str
    share: int
    monitoring_period: int

    @classmethod
    def of(cls, options: argparse.Namespace, hosting: Hosting) -> Self | None:
        """Return the strategy that the options describe, None for an update without alarms.

        Raises:
            HostingOptionsError: Options contradict each other, or the endpoint is serverless or has
                too few instances.
        """
        if options.strategy is None:
            if options.share or options.monitoring_period is not None:
                raise HostingOptionsError("--share and --monitoring-period need --strategy.")
            return None
        if hosting.instance_type is None:
            raise HostingOptionsError(
                f"--strategy {options.strategy} cannot be used with --mode serverless, because "
                "SageMaker does not monitor serverless updates. Leave it out, or use --mode "
                "realtime."
            )
        if options.strategy != ALL_AT_ONCE and hosting.instances < 2:
            raise HostingOptionsError(
                f"--strategy {options.strategy} moves instances one by one and needs --instances 2 "
                "or more. With one instance use --strategy all-at-once, which also watches the "
                "alarms."
            )
        share = options.share or SHARE
        period = options.monitoring_period or MONITORING_PERIOD
        if options.strategy != ROLLING and share < SMALLEST_STEP:
            raise HostingOptionsError(
                f"--share {share / 100:g} is only for --strategy rolling. "
                f"For {options.strategy} use at least {SMALLEST_STEP / 100:g}."
            )
        return cls(options.strategy, share, period)

    @property
    def seconds(self) -> int:
        """Return the total monitoring time if no alarm goes into ALARM."""
        steps = -(-100 // self.share)
        return (
            self.monitoring_period
            * {CANARY: 2, LINEAR: steps, ALL_AT_ONCE: 1, ROLLING: steps}[self.kind]
        )

    def patience(self, timeout: float) -> float:
        """Return the seconds that an update may take if new instances take `timeout` seconds.

        SageMaker waits for new instances once, or for every rolling batch.
        """
        batches = -(-100 // self.share) if self.kind == ROLLING else 1
        return timeout * batches + self.seconds

    def request(self, alarms: list[str]) -> dict[str, Any]:
        """Return the members of UpdateEndpoint that monitor the update."""
        rollback = {"Alarms": [{"AlarmName": name} for name in alarms]}
        return {"DeploymentConfig": {**self._policy(), "AutoRollbackConfiguration": rollback}}

    def _policy(self) -> dict[str, Any]:
        size = {"Type": "CAPACITY_PERCENT", "Value": self.share}
        if self.kind == ROLLING:
            # Without a size, a rollback would start the whole old fleet at once.
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
        # The old instances wait for their end during the monitoring period of the last step.
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
