"""Shift traffic to a new fleet in steps, for blue/green and rolling updates.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-rolling.html.
A rolling update differs in the number of instances, which do not exist here. A rollback takes one
step here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, takewhile
from math import inf
from typing import Any, Protocol

from localcloud.api.protocol import InvalidRequestError
from localcloud.sagemaker.api.store import Record

_LARGEST_CANARY = 0.5
_SMALLEST_STEP = 0.1
_SMALLEST_BATCH = 0.05
_LARGEST_BATCH = 0.5
_ROUNDING = 1e-9  # of steps that add up to the whole


class Alarms(Protocol):
    """CloudWatch's alarms of the account."""

    def states(self, region: str, names: Iterable[str]) -> dict[str, str]:
        """Return the current state of each of these alarms that exists."""

    def now(self) -> float:
        """Return the time of the alarms' clock in seconds since 1970; a test moves it ahead."""


@dataclass(frozen=True)
class Step:
    """A share of the requests for the new fleet, and the seconds of the watch over its alarms."""

    share: float
    seconds: float


def alarm_names(plan: Mapping[str, Any]) -> list[str]:
    """Return the alarms that roll the update to a plan back."""
    rollback = plan.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
    return [alarm["AlarmName"] for alarm in rollback.get("Alarms", [])]


def steps(plan: Mapping[str, Any]) -> Iterator[Step]:
    """Yield the steps of the update to a plan: one immediate step without a DeploymentConfig."""
    deployment = plan.get("DeploymentConfig", {})
    if rolling := deployment.get("RollingUpdatePolicy"):
        wait = rolling["WaitIntervalInSeconds"]
        yield from _equal_steps(_share(rolling["MaximumBatchSize"], plan), wait)
        yield Step(1.0, wait)
    else:
        yield from _blue_green(deployment.get("BlueGreenUpdatePolicy", {}), plan)


def _blue_green(policy: Mapping[str, Any], plan: Mapping[str, Any]) -> Iterator[Step]:
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    wait = routing.get("WaitIntervalInSeconds", 0)
    match routing["Type"]:
        case "CANARY":
            yield Step(_share(routing["CanarySize"], plan), wait)
        case "LINEAR":
            yield from _equal_steps(_share(routing["LinearStepSize"], plan), wait)

    yield Step(1.0, policy.get("TerminationWaitInSeconds", 0))


def longest(plan: Mapping[str, Any]) -> float:
    """Return the maximum duration of the update to a plan, in seconds."""
    deployment = plan.get("DeploymentConfig", {})
    policy = deployment.get("RollingUpdatePolicy") or deployment.get("BlueGreenUpdatePolicy", {})
    return float(policy.get("MaximumExecutionTimeoutInSeconds", inf))


def check_update(plan: Mapping[str, Any], endpoint: Record, known_alarms: Iterable[str]) -> None:
    """Check the DeploymentConfig of an update.

    Raises:
        InvalidRequestError: a size is missing or out of its bounds; variants differ, are serverless
            or too many; an alarm does not exist; or there are two policies.
    """
    # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html: real-time and
    # asynchronous inference.
    if any("CurrentInstanceCount" not in one["Summary"] for one in plan["Variants"]):
        raise InvalidRequestError(
            "Deployment guardrails are not supported for serverless variants."
        )
    if missing := sorted(set(alarm_names(plan)) - set(known_alarms)):
        raise InvalidRequestError(
            f"The CloudWatch alarm(s) {', '.join(missing)} could not be found."
        )

    deployment = plan.get("DeploymentConfig", {})
    if rolling := deployment.get("RollingUpdatePolicy"):
        if "BlueGreenUpdatePolicy" in deployment:
            raise InvalidRequestError(
                "Only one update policy should be used in a DeploymentConfig."
            )
        _check_rolling(rolling, plan, endpoint)
    else:
        _check_blue_green(deployment.get("BlueGreenUpdatePolicy", {}), plan, endpoint)


def _check_blue_green(policy: Mapping[str, Any], plan: Mapping[str, Any], endpoint: Record) -> None:
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    if routing["Type"] == "ALL_AT_ONCE":
        return

    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}[routing["Type"]]
    if member not in routing:
        raise InvalidRequestError(f"Traffic routing of type {routing['Type']} needs a {member}.")

    _check_names(plan, endpoint, "Canary and linear traffic shifting need")
    smallest = _SMALLEST_STEP if member == "LinearStepSize" else 0.0
    if not smallest <= _share(routing[member], plan) <= _LARGEST_CANARY:
        raise InvalidRequestError(
            f"The {member} must be at most 50% of the new fleet, a linear step at least 10%."
        )


def _check_rolling(policy: Mapping[str, Any], plan: Mapping[str, Any], endpoint: Record) -> None:
    _check_names(plan, endpoint, "A rolling update needs")
    # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
    if len(plan["Variants"]) > 1:
        raise InvalidRequestError(
            "Rolling updates are not supported for several production variants."
        )
    if not _SMALLEST_BATCH <= _share(policy["MaximumBatchSize"], plan) <= _LARGEST_BATCH:
        raise InvalidRequestError("The MaximumBatchSize must be 5% to 50% of the instance count.")


def _check_names(plan: Mapping[str, Any], endpoint: Record, who: str) -> None:
    before, after = (
        {one["VariantName"] for one in variants}
        for variants in (endpoint["ProductionVariants"], plan["Variants"])
    )
    if before != after:
        raise InvalidRequestError(f"{who} the same variant names before and after.")


def _equal_steps(step: float, seconds: float) -> Iterator[Step]:
    """Yield the steps before the last one, which gives the new fleet all requests."""
    shares = takewhile(lambda share: share < 1 - _ROUNDING, (step * n for n in count(1)))
    yield from (Step(share, seconds) for share in shares)


def _share(size: Mapping[str, Any], plan: Mapping[str, Any]) -> float:
    if size["Type"] == "CAPACITY_PERCENT":
        return float(size["Value"]) / 100
    return float(
        size["Value"] / min(one["Summary"]["CurrentInstanceCount"] for one in plan["Variants"])
    )
