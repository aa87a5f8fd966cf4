"""Register scalable targets and policies over the wire protocol, with fakes."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from localcloud.api.protocol import AccessDeniedError, Request
from localcloud.api.state_files import UnreadableStateError
from localcloud.application_autoscaling.app import ApplicationAutoScalingApp
from localcloud.application_autoscaling.registry import ScalingRegistry

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/trucks/variant/blue",
    "ScalableDimension": DIMENSION,
}
BOUNDS = {"MinCapacity": 1, "MaxCapacity": 3}
TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    },
}
POLICY = {
    **TARGET,
    "PolicyName": "busy",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": TRACKING,
}
ENDPOINTS = {
    "trucks": {
        "ProductionVariants": [
            {"VariantName": "blue", "CurrentInstanceCount": 1},
            {"VariantName": "serverless"},
        ]
    }
}
NO_TARGET = (
    "service namespace: sagemaker, resource ID: endpoint/trucks/variant/blue, "
    f"scalable dimension: {DIMENSION}"
)

type Call = Callable[..., dict[str, Any]]


class FakeAuthorizer:
    """IAM that records the requests, and denies one action."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.denied: str | None = None

    def authorize(
        self, request: Request, action: str, resource_arn: str, conditions: object = None
    ) -> None:
        self.asked.append((action, resource_arn))
        if action == self.denied:
            raise AccessDeniedError(f"not authorized to perform: {action}")


@pytest.fixture
def authorizer() -> FakeAuthorizer:
    return FakeAuthorizer()


@pytest.fixture
def call(tmp_path: Path, authorizer: FakeAuthorizer) -> Call:
    """Call an operation of a service that has just started; return the answer's members."""

    def asked(operation: str, **members: Any) -> dict[str, Any]:
        def find(region: str, name: str) -> dict[str, Any] | None:
            return ENDPOINTS.get(name)

        app = ApplicationAutoScalingApp(ScalingRegistry(tmp_path / "scaling"), authorizer, find)
        headers = {"x-amz-target": f"AnyScaleFrontendService.{operation}"}

        async def post() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
            ) as client:
                return await client.post("/", content=json.dumps(members), headers=headers)

        answer: dict[str, Any] = asyncio.run(post()).json()
        return answer

    return asked


def test_registered_target_is_described(call: Call) -> None:
    arn = call("RegisterScalableTarget", **TARGET, **BOUNDS)["ScalableTargetARN"]

    (target,) = call("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"]

    assert {**TARGET, **BOUNDS, "ScalableTargetARN": arn}.items() <= target.items()
    assert "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint" in target["RoleARN"]


def test_target_registered_again_changes_the_given_members(call: Call) -> None:
    call("RegisterScalableTarget", **TARGET, **BOUNDS)

    call("RegisterScalableTarget", **TARGET, MaxCapacity=5)

    (target,) = call("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"]
    assert 1 == target["MinCapacity"]
    assert 5 == target["MaxCapacity"]


@pytest.mark.parametrize(
    ("members", "code", "sentence"),
    [
        (
            {"MinCapacity": 4, "MaxCapacity": 3},
            "ValidationException",
            "Maximum capacity cannot be less than minimum",
        ),
        (
            {"MinCapacity": 0, "MaxCapacity": 3},
            "ValidationException",
            "Minimum capacity cannot be less than 1",
        ),
        ({"MinCapacity": 1}, "ValidationException", "MinCapacity and MaxCapacity are required"),
        (
            {"ResourceId": "endpoint/cars/variant/blue"},
            "ValidationException",
            "There is no endpoint in service",
        ),
        (
            {"ResourceId": "endpoint/trucks/variant/red"},
            "ValidationException",
            "There is no endpoint in service",
        ),
        (
            {"ResourceId": "endpoint/trucks/variant/serverless"},
            "ValidationException",
            "The production variant is serverl",
        ),
        (
            {"ResourceId": "trucks"},
            "ValidationException",
            "Unsupported service namespace, resource type or scalable dim",
        ),
        (
            {"Tags": {"environment": "dev"}},
            "UnknownOperationException",
            "Tags of a scalable target is not emulated",
        ),
        (
            {"SuspendedState": {"ScheduledScalingSuspended": True}},
            "UnknownOperationException",
            "SuspendedState of a scalable target is not emulated",
        ),
        (
            {"ServiceNamespace": "ecs"},
            "UnknownOperationException",
            "The service namespace ecs is not emulated",
        ),
        (
            {"ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency"},
            "UnknownOperationException",
            "The scalable dimension sagemaker:variant:DesiredProvisionedConcurrency is not "
            "emulated",
        ),
        (
            {"ScalableDimension": "nonsense"},
            "ValidationException",
            "Member must satisfy enum value set",
        ),
    ],
)
def test_invalid_target_is_refused(
    call: Call, members: dict[str, Any], code: str, sentence: str
) -> None:
    answer = call(
        "RegisterScalableTarget",
        **{**TARGET, **(BOUNDS if "MinCapacity" not in members else {}), **members},
    )

    assert code == answer["__type"]
    assert sentence in answer["message"]
    assert [] == call("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"]


def test_policy_is_described_with_its_configuration(call: Call) -> None:
    call("RegisterScalableTarget", **TARGET, **BOUNDS)
    arn = call("PutScalingPolicy", **POLICY)["PolicyARN"]

    (policy,) = call("DescribeScalingPolicies", ServiceNamespace="sagemaker")["ScalingPolicies"]

    assert arn.endswith(":resource/sagemaker/endpoint/trucks/variant/blue:policyName/busy")
    assert {**POLICY, "PolicyARN": arn}.items() <= policy.items()


def test_policy_put_again_keeps_its_arn_and_takes_the_new_target_value(call: Call) -> None:
    call("RegisterScalableTarget", **TARGET, **BOUNDS)
    arn = call("PutScalingPolicy", **POLICY)["PolicyARN"]
    stricter = POLICY | {
        "TargetTrackingScalingPolicyConfiguration": TRACKING | {"TargetValue": 35.0}
    }

    assert arn == call("PutScalingPolicy", **stricter)["PolicyARN"]

    (policy,) = call("DescribeScalingPolicies", ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert 35.0 == policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        (
            {"PolicyType": "StepScaling"},
            "UnknownOperationException",
            "A policy type other than TargetTrackingScaling",
        ),
        (
            {"TargetTrackingScalingPolicyConfiguration": None},
            "ValidationException",
            "needs its configuration",
        ),
        (
            {"TargetTrackingScalingPolicyConfiguration": TRACKING | {"TargetValue": 0}},
            "ValidationException",
            "The target value must be greater than 0",
        ),
        (
            {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 1.0}},
            "UnknownOperationException",
            "A metric other than the predefined SageMakerVariantInvocationsPerInstance",
        ),
    ],
)
def test_invalid_policy_is_refused(
    call: Call, changes: dict[str, Any], code: str, sentence: str
) -> None:
    call("RegisterScalableTarget", **TARGET, **BOUNDS)

    answer = call("PutScalingPolicy", **POLICY | changes)

    assert code == answer["__type"]
    assert sentence in answer["message"]


def test_policy_of_no_target_is_not_found(call: Call) -> None:
    expected = {
        "__type": "ObjectNotFoundException",
        "message": f"No scalable target registered for {NO_TARGET}",
    }
    assert expected == call("PutScalingPolicy", **POLICY)


def test_deregistered_target_takes_its_policies_with_it(call: Call) -> None:
    call("RegisterScalableTarget", **TARGET, **BOUNDS)
    call("PutScalingPolicy", **POLICY)

    call("DeregisterScalableTarget", **TARGET)

    assert [] == call("DescribeScalingPolicies", ServiceNamespace="sagemaker")["ScalingPolicies"]


def test_deregistering_no_target_is_not_found(call: Call) -> None:
    expected = {
        "__type": "ObjectNotFoundException",
        "message": f"No scalable target found for {NO_TARGET}",
    }
    assert expected == call("DeregisterScalableTarget", **TARGET)


def test_policies_come_in_pages(call: Call) -> None:
    call("RegisterScalableTarget", **TARGET, **BOUNDS)
    for name in ("a", "b", "c"):
        call("PutScalingPolicy", **POLICY | {"PolicyName": name})

    first = call("DescribeScalingPolicies", ServiceNamespace="sagemaker", MaxResults=2)
    second = call(
        "DescribeScalingPolicies",
        ServiceNamespace="sagemaker",
        MaxResults=2,
        NextToken=first["NextToken"],
    )

    assert [["a", "b"], ["c"]] == [
        [policy["PolicyName"] for policy in page["ScalingPolicies"]] for page in (first, second)
    ]


@pytest.mark.parametrize(
    "operation", ["DescribeScalingActivities", "DeleteScalingPolicy", "TagResource"]
)
def test_operation_that_is_not_emulated_is_refused(call: Call, operation: str) -> None:
    expected = f"{operation} is not emulated by the local Application Auto Scaling."
    assert expected == call(operation, ServiceNamespace="sagemaker")["message"]


def test_registration_is_authorized_on_the_target(call: Call, authorizer: FakeAuthorizer) -> None:
    arn = call("RegisterScalableTarget", **TARGET, **BOUNDS)["ScalableTargetARN"]

    assert [("application-autoscaling:RegisterScalableTarget", arn)] == authorizer.asked


def test_registration_that_is_denied_registers_nothing(
    call: Call, authorizer: FakeAuthorizer
) -> None:
    authorizer.denied = "application-autoscaling:RegisterScalableTarget"

    assert "AccessDeniedException" == call("RegisterScalableTarget", **TARGET, **BOUNDS)["__type"]
    assert [] == call("DescribeScalableTargets", ServiceNamespace="sagemaker")["ScalableTargets"]


def test_variants_of_an_endpoint_match_its_whole_name(call: Call, tmp_path: Path) -> None:
    call("RegisterScalableTarget", **TARGET, **BOUNDS)
    registry = ScalingRegistry(tmp_path / "scaling")

    assert {"blue"} == registry.variants("us-east-1", "trucks")
    assert set() == registry.variants("us-east-1", "truck")


def test_start_names_a_damaged_state_file(tmp_path: Path) -> None:
    (tmp_path / "us-east-1.json").write_text('{"targets": ')

    with pytest.raises(UnreadableStateError, match=r"us-east-1\.json is damaged"):
        ScalingRegistry(tmp_path)
