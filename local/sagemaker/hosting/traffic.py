"""Blue/green updates: which share of the requests the new fleet answers, step by step, and what stops that.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, takewhile
from typing import Any, Protocol

from local.sagemaker.api.protocol import InvalidRequestError
from local.sagemaker.api.store import Record

_LARGEST_CANARY, _SMALLEST_STEP = 0.5, 0.1


class Alarms(Protocol):
    """CloudWatch's alarms of the account."""

    def states(self, region: str, names: Iterable[str]) -> dict[str, str]:
        """Return the state of each of these alarms that exists, judged now."""

    def now(self) -> float:
        """Return the time by which they are judged, in seconds since the epoch; a test puts it ahead."""


@dataclass(frozen=True)
class Step:
    """The new fleet answers a share of the requests, for so many seconds in which its alarms are watched."""

    share: float
    seconds: float


def alarm_names(plan: Mapping[str, Any]) -> list[str]:
    """Return the alarms that take the update to a plan back."""
    rollback = plan.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
    return [alarm["AlarmName"] for alarm in rollback.get("Alarms", [])]


def steps(plan: Mapping[str, Any]) -> Iterator[Step]:
    """Yield the steps of the update to a plan; without a DeploymentConfig there is one, which takes no time."""
    policy = plan.get("DeploymentConfig", {}).get("BlueGreenUpdatePolicy", {})
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    wait = routing.get("WaitIntervalInSeconds", 0)
    match routing["Type"]:
        case "CANARY":
            yield Step(_share(routing["CanarySize"], plan), wait)
        case "LINEAR":
            step = _share(routing["LinearStepSize"], plan)
            yield from (Step(share, wait) for share in takewhile(lambda share: share < 1, (step * n for n in count(1))))
    yield Step(1.0, policy.get("TerminationWaitInSeconds", 0))


def check_update(plan: Mapping[str, Any], endpoint: Record, known_alarms: Iterable[str]) -> None:
    """Check the DeploymentConfig of an update.

    Raises:
        InvalidRequestError: a size is missing or out of its bounds, variants differ or are serverless, or an alarm
            does not exist.
    """
    # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html: real-time and asynchronous inference.
    if any("CurrentInstanceCount" not in one["Summary"] for one in plan["Variants"]):
        raise InvalidRequestError("Deployment guardrails are not supported for serverless variants.")
    if missing := sorted(set(alarm_names(plan)) - set(known_alarms)):
        raise InvalidRequestError(f"The CloudWatch alarm(s) {', '.join(missing)} could not be found.")
    policy = plan.get("DeploymentConfig", {}).get("BlueGreenUpdatePolicy", {})
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    if routing["Type"] == "ALL_AT_ONCE":
        return
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}[routing["Type"]]
    if member not in routing:
        raise InvalidRequestError(f"Traffic routing of type {routing['Type']} needs a {member}.")
    if {one["VariantName"] for one in plan["Variants"]} != {
        one["VariantName"] for one in endpoint["ProductionVariants"]
    }:
        raise InvalidRequestError("Canary and linear traffic shifting need the same variant names before and after.")
    smallest = _SMALLEST_STEP if member == "LinearStepSize" else 0.0
    if not smallest <= _share(routing[member], plan) <= _LARGEST_CANARY:
        raise InvalidRequestError(f"The {member} must be at most 50% of the new fleet, a linear step at least 10%.")


def _share(size: Mapping[str, Any], plan: Mapping[str, Any]) -> float:
    if size["Type"] == "CAPACITY_PERCENT":
        return float(size["Value"]) / 100
    return float(size["Value"] / min(one["Summary"]["CurrentInstanceCount"] for one in plan["Variants"]))
