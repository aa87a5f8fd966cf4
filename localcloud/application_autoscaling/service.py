"""Record scalable targets and scaling policies of endpoint variants in one region.

The service records and does not scale: an endpoint of the local cloud has no instances. A
deployment that scales runs unchanged, and errors in names, bounds and order show. Operations that
deployments rarely need are refused.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from localcloud.api.pages import cut_page
from localcloud.api.protocol import InvalidRequestError, NotEmulatedError, ServiceError
from localcloud.application_autoscaling.registry import Registered, ScalingRegistry
from localcloud.sagemaker.api.store import Record, timestamp

# Returns the record of an endpoint, or None.
type EndpointFinder = Callable[[str], Record | None]

_DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_METRIC = "SageMakerVariantInvocationsPerInstance"
_HERE = "by the local Application Auto Scaling"
_RESOURCE_ID = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")
# Application Auto Scaling's default and maximum.
_PAGE_SIZE = 50


class ObjectNotFoundError(ServiceError):
    """The scalable target or the scaling policy is missing."""

    code = "ObjectNotFoundException"
    status = int(HTTPStatus.BAD_REQUEST)


class ApplicationAutoScaling:
    """The operations in one region; keys are their names."""

    def __init__(
        self, registry: ScalingRegistry, region: str, account: str, find_endpoint: EndpointFinder
    ) -> None:
        self._registry = registry
        self._region = region
        self._account = account
        self._find_endpoint = find_endpoint
        self.operations: dict[str, Callable[[Record], Mapping[str, Any]]] = {
            "RegisterScalableTarget": self._register,
            "DescribeScalableTargets": self._describe_targets,
            "DeregisterScalableTarget": self._deregister,
            "PutScalingPolicy": self._put_policy,
            "DescribeScalingPolicies": self._describe_policies,
        }

    def resource_arns(self, request: Mapping[str, Any]) -> list[str]:
        """Return the ARN on which a request is authorized: the target that it names, or `*`."""
        return [self._target_arn(str(request["ResourceId"]))] if "ResourceId" in request else ["*"]

    def _register(self, request: Record) -> Record:
        _check_kind(request)
        for member in ("SuspendedState", "Tags"):
            if request.get(member):
                raise NotEmulatedError(f"{member} of a scalable target is not emulated {_HERE}.")
        resource_id = request["ResourceId"]
        self._check_variant(resource_id)
        known = self._registered.targets.get(resource_id, {})
        created = {
            "RoleARN": f"arn:aws:iam::{self._account}:role/aws-service-role/"
            "sagemaker.application-autoscaling."
            "amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
            "CreationTime": timestamp(),
            "ScalableTargetARN": self._target_arn(resource_id),
        }
        target = {**created, **known, **request}
        _check_bounds(target)
        self._registered.targets[resource_id] = target
        self._registry.save(self._region)

        return target

    def _describe_targets(self, request: Record) -> Record:
        _check_kind(request)
        wanted = request.get("ResourceIds")
        found = [
            target
            for target in self._registered.targets.values()
            if not wanted or target["ResourceId"] in wanted
        ]
        return cut_page("ScalableTargets", found, request, _PAGE_SIZE)

    def _deregister(self, request: Record) -> Record:
        self._require_target(request, "found")
        self._registered.remove_target(request["ResourceId"])
        self._registry.save(self._region)
        return {}

    def _put_policy(self, request: Record) -> Record:
        self._require_target(request, "registered")
        _check_policy(request)
        key = request["ResourceId"], request["PolicyName"]
        arn = f"arn:aws:autoscaling:{self._region}:{self._account}:scalingPolicy:{uuid4()}"
        created = {
            "PolicyARN": f"{arn}:resource/sagemaker/{key[0]}:policyName/{key[1]}",
            "CreationTime": timestamp(),
            "Alarms": [],  # on AWS, the alarms that start the scaling
        }
        known = next((policy for policy in self._registered.policies if _key(policy) == key), {})
        policy = {**created, **known, **request}
        others = [other for other in self._registered.policies if _key(other) != key]
        self._registered.policies = [*others, policy]
        self._registry.save(self._region)

        return policy

    def _describe_policies(self, request: Record) -> Record:
        _check_kind(request)
        names = request.get("PolicyNames")
        resource_id = request.get("ResourceId")
        found = [
            policy
            for policy in self._registered.policies
            if resource_id in (None, policy["ResourceId"])
            and (not names or policy["PolicyName"] in names)
        ]

        return cut_page("ScalingPolicies", found, request, _PAGE_SIZE)

    @property
    def _registered(self) -> Registered:
        return self._registry.region(self._region)

    def _target_arn(self, resource_id: str) -> str:
        # ^The same for the same target: a policy can name it before the target is
        # registered.
        identity = uuid5(NAMESPACE_URL, f"{self._account}/{self._region}/{resource_id}").hex
        place = f"{self._region}:{self._account}"
        return f"arn:aws:application-autoscaling:{place}:scalable-target/{identity}"

    def _check_variant(self, resource_id: str) -> None:
        named = _RESOURCE_ID.fullmatch(resource_id)
        if not named:
            raise InvalidRequestError(
                "Unsupported service namespace, resource type or scalable dimension"
            )

        endpoint = self._find_endpoint(named["endpoint"]) or {}
        variants = {
            variant["VariantName"]: variant for variant in endpoint.get("ProductionVariants", [])
        }
        if named["variant"] not in variants:
            raise InvalidRequestError(
                f"There is no endpoint in service with this production variant: {resource_id}"
            )
        if "CurrentInstanceCount" not in variants[named["variant"]]:
            raise InvalidRequestError(
                f"The production variant is serverless, it has no instances: {resource_id}"
            )

    def _require_target(self, request: Record, wording: str) -> None:
        _check_kind(request)
        if request["ResourceId"] not in self._registered.targets:
            raise ObjectNotFoundError(f"No scalable target {wording} for {_named(request)}")


def _check_kind(request: Record) -> None:
    if request["ServiceNamespace"] != "sagemaker":
        raise NotEmulatedError(
            f"The service namespace {request['ServiceNamespace']} is not emulated {_HERE}."
        )
    if request.get("ScalableDimension", _DIMENSION) != _DIMENSION:
        raise NotEmulatedError(
            f"The scalable dimension {request['ScalableDimension']} is not emulated {_HERE}."
        )


def _check_bounds(target: Record) -> None:
    if "MinCapacity" not in target or "MaxCapacity" not in target:
        raise InvalidRequestError(
            "MinCapacity and MaxCapacity are required to register a new scalable target"
        )
    if target["MinCapacity"] < 1:
        raise InvalidRequestError("Minimum capacity cannot be less than 1 for a production variant")
    if target["MaxCapacity"] < target["MinCapacity"]:
        raise InvalidRequestError("Maximum capacity cannot be less than minimum capacity")


def _check_policy(policy: Record) -> None:
    configuration = policy.get("TargetTrackingScalingPolicyConfiguration")
    if policy.get("PolicyType", "StepScaling") != "TargetTrackingScaling":
        raise NotEmulatedError(
            f"A policy type other than TargetTrackingScaling is not emulated {_HERE}."
        )
    if configuration is None:
        raise InvalidRequestError("A policy of type TargetTrackingScaling needs its configuration")
    if (
        configuration.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
        != _METRIC
    ):
        raise NotEmulatedError(
            f"A metric other than the predefined {_METRIC} is not emulated {_HERE}."
        )
    if configuration["TargetValue"] <= 0:
        raise InvalidRequestError("The target value must be greater than 0")


def _key(policy: Record) -> tuple[str, str]:
    return policy["ResourceId"], policy["PolicyName"]


def _named(request: Record) -> str:
    namespace = request["ServiceNamespace"]
    resource_id = request["ResourceId"]
    return (
        f"service namespace: {namespace}, resource ID: {resource_id}, scalable dimension: "
        f"{_DIMENSION}"
    )
