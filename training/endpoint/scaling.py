"""Auto-scaling of the endpoint's variant: put in force, taken back, and restored as it was."""

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
    """Scale the endpoint; bounds and target of an earlier call are replaced."""
    autoscaling.register_scalable_target(**scalable_target_request(endpoint, scaling))
    autoscaling.put_scaling_policy(**scaling_policy_request(endpoint, scaling))


def describe(autoscaling: "ApplicationAutoScalingClient", endpoint: str) -> list[dict[str, Any]]:
    """What scales the endpoint now, as JSON that `restore` takes."""
    return [
        _members(target, _TARGET + _BOUNDS)
        | {"Policies": [_members(p, _POLICY) for p in target["ScalingPolicies"]]}
        for target in inventory.scalable_targets(autoscaling, endpoint)
    ]


def noted(run: RunFile) -> list[dict[str, Any]]:
    """What scaled the endpoint before the run's last `deploy`, if that was interrupted before it was in force again."""
    found: list[dict[str, Any]] = run.attempt("deploy").facts.get("scaling", [])
    return found


def restore(autoscaling: "ApplicationAutoScalingClient", described: list[dict[str, Any]]) -> None:
    """Put in force again what `describe` has told."""
    for target in described:
        autoscaling.register_scalable_target(**_members(target, _TARGET + _BOUNDS))
        for policy in target["Policies"]:
            autoscaling.put_scaling_policy(**_members(target, _TARGET), **policy)


def deregister(
    autoscaling: "ApplicationAutoScalingClient", described: list[dict[str, Any]]
) -> None:
    """Let nothing scale the endpoint; policies go with their target, and the alarms of target tracking with them."""
    for target in described:
        try:
            autoscaling.deregister_scalable_target(**_members(target, _TARGET))
        except ClientError as exc:
            if not inventory.is_absent(exc):
                raise


def _members(source: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: source[name] for name in names if name in source}
