"""Register, remove and restore the auto-scaling of the endpoint's variant."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from training.endpoint.hosting import Scaling
from training.endpoint.request import scalable_target_request, scaling_policy_request
from training.project import inventory
from training.project.run_file import RunFile

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient

_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_BOUNDS = ("MinCapacity", "MaxCapacity")
_POLICY = (
    "PolicyName",
    "PolicyType",
    "TargetTrackingScalingPolicyConfiguration",
    "StepScalingPolicyConfiguration",
)


def register(autoscaling: "ApplicationAutoScalingClient", endpoint: str, scaling: Scaling) -> None:
    """Scale the endpoint; this replaces bounds and target of an earlier call."""
    autoscaling.register_scalable_target(**scalable_target_request(endpoint, scaling))
    autoscaling.put_scaling_policy(**scaling_policy_request(endpoint, scaling))


def describe(autoscaling: "ApplicationAutoScalingClient", endpoint: str) -> list[dict[str, Any]]:
    """Return the endpoint's present auto-scaling, as JSON data for `restore`."""
    return [
        _members(target, _TARGET + _BOUNDS)
        | {"Policies": [_members(p, _POLICY) for p in target["ScalingPolicies"]]}
        for target in inventory.scalable_targets(autoscaling, endpoint)
    ]


def noted(run: RunFile) -> list[dict[str, Any]]:
    """Return the auto-scaling that an interrupted `deploy` of the run removed."""
    found: list[dict[str, Any]] = run.attempt("deploy").facts.get("scaling", [])
    return found


def restore(autoscaling: "ApplicationAutoScalingClient", described: list[dict[str, Any]]) -> None:
    """Restore the auto-scaling that `describe` returned."""
    for target in described:
        autoscaling.register_scalable_target(**_members(target, _TARGET + _BOUNDS))
        for policy in target["Policies"]:
            autoscaling.put_scaling_policy(**_members(target, _TARGET), **policy)


def deregister(
    autoscaling: "ApplicationAutoScalingClient", described: list[dict[str, Any]]
) -> None:
    """Remove all auto-scaling of the endpoint, with its policies and their alarms."""
    for target in described:
        try:
            autoscaling.deregister_scalable_target(**_members(target, _TARGET))
        except ClientError as exc:
            if not inventory.is_absent(exc):
                raise


def _members(source: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: source[name] for name in names if name in source}
