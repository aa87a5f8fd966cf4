"""Run production variants: on instances, serverless, with new weights, and as scalable targets."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.tests.unit.sagemaker.conftest import IMAGE, MODEL_URL, ROLE

ON_INSTANCES = {
    "VariantName": "blue",
    "ModelName": "truck",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}
SERVERLESS = {
    "VariantName": "blue",
    "ModelName": "truck",
    "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
}
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captured/here",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


def refusal(cloud: Any, *variants: dict[str, Any], **members: Any) -> str:
    cloud.create_model("truck", "truck")
    with pytest.raises(ClientError, match="ValidationException") as raised:
        cloud.control.create_endpoint_config(
            EndpointConfigName="trucks", ProductionVariants=variants, **members
        )
    return str(raised.value.response["Error"]["Message"])


def serverless(**changes: int) -> dict[str, Any]:
    config = SERVERLESS["ServerlessConfig"] | changes  # type: ignore[operator]
    return SERVERLESS | {"ServerlessConfig": config}


@pytest.mark.parametrize(
    ("variants", "sentence"),
    [
        (
            [serverless(MemorySizeInMB=1500)],
            "'productionVariants.1.member.serverlessConfig.memorySizeInMB' failed",
        ),
        ([serverless(MaxConcurrency=201)], "Member must have value less than or equal to 200"),
        ([serverless(ProvisionedConcurrency=6)], "is greater than its MaxConcurrency"),
        (
            [SERVERLESS | {"InstanceType": "ml.m5.large"}],
            "has a ServerlessConfig, so it has no InstanceType",
        ),
        ([SERVERLESS, ON_INSTANCES | {"VariantName": "green"}], "has no other variant"),
        (
            [{"VariantName": "blue", "ModelName": "truck"}],
            "needs an InstanceType or a ServerlessConfig",
        ),
    ],
)
def test_variant_that_aws_refuses_is_refused(
    cloud: Any, variants: list[dict[str, Any]], sentence: str
) -> None:
    assert sentence in refusal(cloud, *variants)


def test_serverless_variant_with_data_capture_is_refused(cloud: Any) -> None:
    message = refusal(cloud, SERVERLESS, DataCaptureConfig=CAPTURE)

    assert "DataCaptureConfig is not supported for serverless production variants." == message


def test_serverless_endpoint_answers_and_describes_its_concurrency(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    cloud.control.create_endpoint_config(
        EndpointConfigName="trucks", ProductionVariants=[SERVERLESS]
    )
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    cloud.settle("trucks")

    (variant,) = cloud.control.describe_endpoint(EndpointName="trucks")["ProductionVariants"]

    answered = json.loads(
        cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"x")["Body"].read()
    )["model"]
    assert SERVERLESS["ServerlessConfig"] == variant["CurrentServerlessConfig"]
    assert "truck" == answered


def configure(cloud: Any, name: str, variant: dict[str, Any]) -> None:
    cloud.control.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def test_instance_based_endpoint_cannot_become_serverless(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    configure(cloud, "serverless", SERVERLESS | {"ModelName": "trucks"})

    with pytest.raises(
        ClientError, match=r"ValidationException.*cannot be updated to a serverless endpoint"
    ):
        cloud.control.update_endpoint(EndpointName="trucks", EndpointConfigName="serverless")
    described = cloud.control.describe_endpoint(EndpointName="trucks")
    assert "InService" == described["EndpointStatus"]
    assert "trucks" == described["EndpointConfigName"]


def test_serverless_endpoint_that_became_instance_based_cannot_return(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    configure(cloud, "serverless", SERVERLESS)
    configure(cloud, "instances", ON_INSTANCES)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="serverless")
    cloud.settle("trucks")
    cloud.control.update_endpoint(EndpointName="trucks", EndpointConfigName="instances")

    assert "InService" == cloud.settle("trucks")
    with pytest.raises(ClientError, match="cannot be updated to a serverless endpoint"):
        cloud.control.update_endpoint(EndpointName="trucks", EndpointConfigName="serverless")


NETWORK = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}


@pytest.mark.parametrize("members", [{"VpcConfig": NETWORK}, {"EnableNetworkIsolation": True}])
def test_serverless_variant_in_a_network_of_its_own_is_refused(
    cloud: Any, members: dict[str, Any]
) -> None:
    (member,) = members
    expected = f"{member} is not supported for serverless production variants."

    assert expected == refusal(cloud, SERVERLESS, **members)


@pytest.mark.parametrize("members", [{"VpcConfig": NETWORK}, {"EnableNetworkIsolation": True}])
def test_serverless_variant_of_a_model_in_a_network_of_its_own_is_refused(
    cloud: Any, members: dict[str, Any]
) -> None:
    cloud.artifacts.objects[MODEL_URL] = b""
    container = {"Image": IMAGE, "ModelDataUrl": MODEL_URL}
    cloud.control.create_model(
        ModelName="closed", ExecutionRoleArn=ROLE, PrimaryContainer=container, **members
    )

    with pytest.raises(ClientError, match="is not supported for serverless production variants"):
        configure(cloud, "closed", SERVERLESS | {"ModelName": "closed"})


def two_variants(cloud: Any, endpoint: str = "both") -> None:
    cloud.create_model("new", "new")
    cloud.create_model("old", "old")
    cloud.create_config(endpoint, new=0.0, old=1.0)
    cloud.control.create_endpoint(EndpointName=endpoint, EndpointConfigName=endpoint)
    cloud.settle(endpoint)


def change(cloud: Any, *wanted: dict[str, Any], endpoint: str = "both") -> None:
    cloud.control.update_endpoint_weights_and_capacities(
        EndpointName=endpoint, DesiredWeightsAndCapacities=list(wanted)
    )


def test_new_weights_are_desired_before_they_are_in_force(cloud: Any) -> None:
    two_variants(cloud)

    change(cloud, {"VariantName": "new", "DesiredWeight": 3.0})

    described = cloud.control.describe_endpoint(EndpointName="both")
    new = described["ProductionVariants"][0]
    assert "Updating" == described["EndpointStatus"]
    assert 0.0 == new["CurrentWeight"]
    assert 3.0 == new["DesiredWeight"]


def test_new_weights_decide_which_variant_answers(cloud: Any) -> None:
    two_variants(cloud)
    wanted = {"VariantName": "new", "DesiredWeight": 1.0, "DesiredInstanceCount": 2}

    change(cloud, wanted, {"VariantName": "old", "DesiredWeight": 0.0})
    cloud.settle("both")

    reached = {
        cloud.runtime.invoke_endpoint(EndpointName="both", Body=b"x")["InvokedProductionVariant"]
        for _ in "1234"
    }
    new = cloud.control.describe_endpoint(EndpointName="both")["ProductionVariants"][0]
    assert {"new"} == reached
    assert 2 == new["CurrentInstanceCount"]


def test_new_weights_are_in_force_after_a_restart_in_between(cloud: Any) -> None:
    two_variants(cloud)
    change(cloud, {"VariantName": "new", "DesiredWeight": 3.0})

    cloud.restart()
    status = cloud.settle("both")

    new = cloud.control.describe_endpoint(EndpointName="both")["ProductionVariants"][0]
    assert "InService" == status
    assert 3.0 == new["CurrentWeight"]


def test_endpoint_under_a_change_of_weights_takes_no_other_change(cloud: Any) -> None:
    two_variants(cloud)
    change(cloud, {"VariantName": "new", "DesiredWeight": 3.0})

    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        cloud.control.delete_endpoint(EndpointName="both")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (
            [{"VariantName": "red"}],
            'The variant name(s) "red" is/are not present within endpoint configuration "both".',
        ),
        (
            [{"VariantName": "new"}, {"VariantName": "new"}],
            'The variant name "new" was non-unique within the request.',
        ),
        (
            [{"VariantName": "new", "DesiredInstanceCount": 0}],
            "The DesiredInstanceCount of variant new is less than 1.",
        ),
    ],
)
def test_invalid_change_of_weights_is_refused(
    cloud: Any, wanted: list[dict[str, Any]], sentence: str
) -> None:
    two_variants(cloud)

    with pytest.raises(ClientError) as raised:
        change(cloud, *wanted)
    assert sentence == raised.value.response["Error"]["Message"]


def update_retaining(cloud: Any, *let_go: str) -> dict[str, Any]:
    """Update an endpoint whose variant has weight 5 and 4 instances; return the variant."""
    cloud.create_endpoint("trucks")
    change(
        cloud,
        {"VariantName": "trucks", "DesiredWeight": 5.0, "DesiredInstanceCount": 4},
        endpoint="trucks",
    )
    cloud.settle("trucks")
    cloud.create_config("next", trucks=1.0)
    cloud.control.update_endpoint(
        EndpointName="trucks",
        EndpointConfigName="next",
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": name} for name in let_go],
    )
    cloud.settle("trucks")
    (variant,) = cloud.control.describe_endpoint(EndpointName="trucks")["ProductionVariants"]
    return dict(variant)


def test_update_that_retains_properties_keeps_weight_and_instances(cloud: Any) -> None:
    variant = update_retaining(cloud)

    assert 5.0 == variant["CurrentWeight"]
    assert 4 == variant["CurrentInstanceCount"]
    assert 4 == variant["DesiredInstanceCount"]


def test_update_that_retains_properties_takes_the_excluded_from_the_configuration(
    cloud: Any,
) -> None:
    variant = update_retaining(cloud, "DesiredWeight")

    assert 1.0 == variant["CurrentWeight"]
    assert 4 == variant["CurrentInstanceCount"]


def register(cloud: Any, endpoint: str) -> None:
    resource_id = f"endpoint/{endpoint}/variant/{endpoint}"
    cloud.scaling.region("us-east-1").targets[resource_id] = {"ResourceId": resource_id}


def test_variant_that_is_a_scalable_target_keeps_its_instance_type(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    register(cloud, "trucks")
    other = ON_INSTANCES | {
        "VariantName": "trucks",
        "ModelName": "trucks",
        "InstanceType": "ml.c5.large",
    }
    cloud.control.create_endpoint_config(EndpointConfigName="faster", ProductionVariants=[other])

    with pytest.raises(
        ClientError, match='variant\\(s\\) "trucks" must be deregistered as scalable targets'
    ):
        cloud.control.update_endpoint(EndpointName="trucks", EndpointConfigName="faster")


def test_variant_that_is_a_scalable_target_may_change_its_model(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    register(cloud, "trucks")
    other = ON_INSTANCES | {"VariantName": "trucks", "ModelName": "trucks"}
    cloud.control.create_endpoint_config(EndpointConfigName="same", ProductionVariants=[other])

    cloud.control.update_endpoint(EndpointName="trucks", EndpointConfigName="same")

    assert "InService" == cloud.settle("trucks")


def test_deleted_endpoint_takes_its_scalable_targets_with_it(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    register(cloud, "trucks")

    cloud.control.delete_endpoint(EndpointName="trucks")

    assert set() == cloud.scaling.variants("us-east-1", "trucks")
