"""Describe the progress of a monitored update: its stage, the seconds left and its alarms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_BAKING = "Baking"  # of VariantStatus in DescribeEndpoint: SageMaker watches the alarms


@dataclass(frozen=True)
class UpdateProgress:
    """Reads the progress of an update from the description of its endpoint.

    Args:
        monitoring_period: Seconds for which SageMaker watches the alarms after each step.
        alarm_states: Returns the state of each alarm of the update, by a short name.
    """

    monitoring_period: int
    alarm_states: Callable[[], Mapping[str, str]]

    def stage(self, found: Mapping[str, Any]) -> str:
        """Return the present stage of the update, "" before SageMaker reports one."""
        status = _variant_status(found)
        if not status:
            return ""
        message = status.get("StatusMessage")
        return f"{status['Status']}, {message}" if message else str(status["Status"])

    def line(self, found: Mapping[str, Any]) -> str:
        """Return the stage, the seconds left of its monitoring, and the states of the alarms."""
        parts = [self.stage(found) or str(found["EndpointStatus"])]

        status = _variant_status(found)
        if status.get("Status") == _BAKING and "StartTime" in status:
            elapsed = (datetime.now(UTC) - status["StartTime"]).total_seconds()
            parts.append(f"{max(0.0, self.monitoring_period - elapsed):.0f} s left")

        states = self.alarm_states()
        if states:
            alarms = ", ".join(f"{name} {state}" for name, state in states.items())
            parts.append(f"alarms: {alarms}")
        return "; ".join(parts)


def _variant_status(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the status of the first new variant that has one."""
    pending = found.get("PendingDeploymentSummary") or {}
    for variant in pending.get("ProductionVariants") or []:
        for status in variant.get("VariantStatus") or []:
            found_status: Mapping[str, Any] = status
            return found_status
    return {}
