"""How an update moves the requests to the new model: at once or step by step, watched by alarms or not."""

import argparse
from dataclasses import dataclass
from typing import Any, Self

from cli.arguments import whole
from training.endpoint.alarms import PERIOD
from training.endpoint.hosting import Hosting, HostingOptionsError

STRATEGY_OPTIONS = ("strategy", "share", "bake")
CANARY, LINEAR, ALL_AT_ONCE, ROLLING = "canary", "linear", "all-at-once", "rolling"
# Percent. A rolling batch may be smaller than a step of the other strategies.
SMALLEST_STEP, SMALLEST_BATCH, LARGEST_STEP = 10, 5, 50
SHARE = 50  # percent: of two instances, the fewest that can be divided, one
BAKE = 300  # seconds: five periods of the alarms
# Wherever in a period the new model gets its share, a whole one of its own ends within two; in less time no alarm could
# have judged it, and nothing would be guarded.
SHORTEST_BAKE = 2 * PERIOD


@dataclass(frozen=True)
class Strategy:
    """A way to move the requests: the percent of each step, and seconds for which the alarms are watched after each."""

    kind: str
    share: int
    bake: int

    @classmethod
    def of(cls, options: argparse.Namespace, hosting: Hosting) -> Self | None:
        """What the options ask for; None if nothing is to be watched.

        Raises:
            HostingOptionsError: options contradict each other, or the endpoint is serverless or cannot be divided.
        """
        if options.strategy is None:
            if options.share or options.bake is not None:
                raise HostingOptionsError("--share and --bake belong to --strategy.")
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
        if options.strategy != ROLLING and share < SMALLEST_STEP:
            raise HostingOptionsError(
                f"--share {share} is for --strategy rolling. For {options.strategy} use {SMALLEST_STEP} or more."
            )
        return cls(options.strategy, share, BAKE if options.bake is None else options.bake)

    @property
    def seconds(self) -> int:
        """How long the alarms are watched in all, if none goes off."""
        steps = -(-100 // self.share)
        return self.bake * {CANARY: 2, LINEAR: steps, ALL_AT_ONCE: 1, ROLLING: steps}[self.kind]

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
            return {"RollingUpdatePolicy": {**batches, "WaitIntervalInSeconds": self.bake}}
        routing: dict[str, Any] = {
            "Type": self.kind.upper().replace("-", "_"),
            "WaitIntervalInSeconds": self.bake,
        }
        if self.kind != ALL_AT_ONCE:
            routing["CanarySize" if self.kind == CANARY else "LinearStepSize"] = size
        # The last step bakes for as long as the old instances wait for their end.
        policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": self.bake}
        return {"BlueGreenUpdatePolicy": policy}


def add_strategy_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how an update moves the requests."""
    add, kinds = parser.add_argument, (CANARY, LINEAR, ALL_AT_ONCE, ROLLING)
    add(
        "--strategy",
        choices=kinds,
        help="watch an update with alarms, which take it back (an unwatched update)",
    )
    share = whole(SMALLEST_BATCH, LARGEST_STEP)
    add(
        "--share",
        type=share,
        metavar="PERCENT",
        help=f"of a canary, a linear step or a rolling batch ({SHARE})",
    )
    add(
        "--bake",
        type=whole(SHORTEST_BAKE, 3600),
        metavar="SECONDS",
        help=f"watch so long after each step ({BAKE})",
    )
