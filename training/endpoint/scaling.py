"""Auto-scaling of the endpoint's variant: put in force, taken back, and restored as it was."""

from typing import Any

from botocore.exceptions import ClientError

from training.endpoint.hosting import Scaling
from training.endpoint.request import scalable_target_request, scaling_policy_request
from training.project import inventory
from training.project.step import Context

_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_BOUNDS = ("MinCapacity", "MaxCapacity")
_POLICY = ("PolicyName", "PolicyType", "TargetTrackingScalingPolicyConfiguration", "StepScalingPolicyConfiguration")


def register(context: Context, scaling: Scaling) -> None:
    """Scale the endpoint; bounds and target of an earlier call are replaced."""
    endpoint = context.names.endpoint
    context.aws.autoscaling.register_scalable_target(**scalable_target_request(endpoint, scaling))
    context.aws.autoscaling.put_scaling_policy(**scaling_policy_request(endpoint, scaling))


def describe(context: Context) -> list[dict[str, Any]]:
    """What scales the endpoint now, as JSON that `restore` takes."""
    return [
        _members(target, _TARGET + _BOUNDS) | {"Policies": [_members(p, _POLICY) for p in target["ScalingPolicies"]]}
        for target in inventory.scalable_targets(context)
    ]


def noted(context: Context) -> list[dict[str, Any]]:
    """What scaled the endpoint before the run's last `deploy`, if that was interrupted before it was in force again."""
    tries: list[dict[str, Any]] = context.run.steps.get("deploy", {}).get("tries", [])
    found: list[dict[str, Any]] = tries[-1]["facts"].get("scaling", []) if tries else []
    return found


def restore(context: Context, described: list[dict[str, Any]]) -> None:
    """Put in force again what `describe` has told."""
    for target in described:
        context.aws.autoscaling.register_scalable_target(**_members(target, _TARGET + _BOUNDS))
        for policy in target["Policies"]:
            context.aws.autoscaling.put_scaling_policy(**_members(target, _TARGET), **policy)


def deregister(context: Context, described: list[dict[str, Any]]) -> None:
    """Let nothing scale the endpoint; policies go with their target, and the alarms of target tracking with them."""
    for target in described:
        try:
            context.aws.autoscaling.deregister_scalable_target(**_members(target, _TARGET))
        except ClientError as exc:
            if not inventory.is_absent(exc):
                raise


def _members(source: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: source[name] for name in names if name in source}
