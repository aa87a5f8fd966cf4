"""Manage models, endpoint configurations, endpoints and tags with boto3."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role"
ARN = "arn:aws:sagemaker:us-east-1:000000000000"
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
CONTAINER = {"Image": IMAGE, "ModelDataUrl": "s3://models/truck/model.tar.gz"}
VARIANT = {
    "VariantName": "blue",
    "ModelName": "truck",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}


def error_of(call: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**members)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_created_model_is_described_with_its_container_and_arn(cloud: Any) -> None:
    cloud.create_model("Truck", "truck")

    found = cloud.control.describe_model(ModelName="Truck")

    assert f"{ARN}:model/truck" == found["ModelArn"]
    assert "s3://models/Truck/model.tar.gz" == found["PrimaryContainer"]["ModelDataUrl"]


def test_creation_time_is_now(cloud: Any) -> None:
    cloud.create_model("truck", "truck")

    created = cloud.control.describe_model(ModelName="truck")["CreationTime"]

    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)


def test_description_holds_no_state_of_the_local_sagemaker(cloud: Any, server: Any) -> None:
    cloud.create_endpoint("trucks")
    answered = cloud.control.describe_endpoint(EndpointName="trucks")

    assert {
        "EndpointName",
        "EndpointArn",
        "EndpointConfigName",
        "EndpointStatus",
        "ProductionVariants",
        "CreationTime",
        "LastModifiedTime",
        "ResponseMetadata",
    } == answered.keys()


def test_model_of_a_taken_name_is_refused_in_any_case(cloud: Any) -> None:
    cloud.create_model("truck", "truck")

    expected = ("ValidationException", f'Cannot create already existing model "{ARN}:model/truck".')
    assert expected == error_of(
        cloud.control.create_model, ModelName="TRUCK", PrimaryContainer=CONTAINER
    )


@pytest.mark.parametrize(
    ("container", "code", "sentence"),
    [
        ({"Image": IMAGE}, "UnknownOperationException", "serves a model from ModelDataUrl"),
        (
            CONTAINER | {"Mode": "MultiModel"},
            "UnknownOperationException",
            "serves a model from ModelDataUrl",
        ),
        (
            CONTAINER | {"Image": "xgboost:1"},
            "ValidationException",
            "Requested image xgboost:1 not found",
        ),
        ({"ModelDataUrl": "s3://models/a"}, "ValidationException", "needs an Image"),
        (
            {"ModelPackageName": "trucks/1"},
            "ValidationException",
            "model-package/trucks/1 does not exist",
        ),
    ],
)
def test_model_that_the_algorithm_cannot_serve_is_refused(
    cloud: Any, container: dict[str, Any], code: str, sentence: str
) -> None:
    error = error_of(cloud.control.create_model, ModelName="truck", PrimaryContainer=container)

    assert code == error[0]
    assert sentence in error[1]


def test_model_of_several_containers_is_refused(cloud: Any) -> None:
    error = error_of(
        cloud.control.create_model, ModelName="truck", Containers=[CONTAINER, CONTAINER]
    )

    assert "A pipeline of several containers is not emulated by the local SageMaker." == error[1]


def test_model_with_a_model_data_source_is_served(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    source = {
        "S3Uri": CONTAINER["ModelDataUrl"],
        "S3DataType": "S3Object",
        "CompressionType": "Gzip",
    }
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    cloud.control.create_model(
        ModelName="lorry", ExecutionRoleArn=f"{ROLE}/a", Containers=[container]
    )
    cloud.create_config("trucks", lorry=1.0)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")

    assert "InService" == cloud.settle("trucks")


def test_deleted_model_is_gone(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    cloud.control.delete_model(ModelName="truck")

    expected = ("ValidationException", f'Could not find model "{ARN}:model/truck".')
    assert expected == error_of(cloud.control.describe_model, ModelName="truck")


def test_configuration_of_an_unknown_model_is_refused(cloud: Any) -> None:
    expected = ("ValidationException", f'Could not find model "{ARN}:model/truck".')
    assert expected == error_of(
        cloud.control.create_endpoint_config,
        EndpointConfigName="trucks",
        ProductionVariants=[VARIANT],
    )


def test_configuration_with_two_variants_of_one_name_is_refused(cloud: Any) -> None:
    cloud.create_model("truck", "truck")

    expected = ("ValidationException", "Two production variants have the same VariantName.")
    assert expected == error_of(
        cloud.control.create_endpoint_config,
        EndpointConfigName="trucks",
        ProductionVariants=[VARIANT, VARIANT],
    )


def test_variant_without_weight_weighs_one(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    cloud.control.create_endpoint_config(EndpointConfigName="trucks", ProductionVariants=[VARIANT])

    found = cloud.control.describe_endpoint_config(EndpointConfigName="trucks")

    assert 1.0 == found["ProductionVariants"][0]["InitialVariantWeight"]


def test_endpoint_of_an_unknown_configuration_is_refused(cloud: Any) -> None:
    expected = (
        "ValidationException",
        f'Could not find endpoint configuration "{ARN}:endpoint-config/none".',
    )
    assert expected == error_of(
        cloud.control.create_endpoint, EndpointName="trucks", EndpointConfigName="none"
    )


def test_endpoint_of_a_taken_name_is_refused(cloud: Any) -> None:
    cloud.create_endpoint("trucks")

    expected = (
        "ValidationException",
        f'Cannot create already existing endpoint "{ARN}:endpoint/trucks".',
    )
    assert expected == error_of(
        cloud.control.create_endpoint, EndpointName="trucks", EndpointConfigName="trucks"
    )


def test_operation_that_is_not_emulated_is_refused(cloud: Any) -> None:
    expected = (
        "UnknownOperationException",
        "DescribeTransformJob is not emulated by the local SageMaker.",
    )
    assert expected == error_of(cloud.control.describe_transform_job, TransformJobName="truck-1")


def test_asynchronous_invocation_is_refused(cloud: Any) -> None:
    code, message = error_of(
        cloud.runtime.invoke_endpoint_async, EndpointName="trucks", InputLocation="s3://in/put"
    )

    assert (
        "POST /endpoints/trucks/async-invocations is not emulated by the local SageMaker."
        == message
    )
    assert "UnknownOperationException" == code


def test_list_is_newest_first_and_comes_in_pages(cloud: Any) -> None:
    for number in range(5):
        cloud.create_model(f"truck-{number}", "truck")

    pages = cloud.control.get_paginator("list_models").paginate(PaginationConfig={"PageSize": 2})

    expected = [["truck-4", "truck-3"], ["truck-2", "truck-1"], ["truck-0"]]
    assert expected == [[model["ModelName"] for model in page["Models"]] for page in pages]


def test_list_by_name_finds_names_with_a_part(cloud: Any) -> None:
    for name in ("truck-b", "automobile", "truck-a"):
        cloud.create_model(name, "truck")

    found = cloud.control.list_models(NameContains="truck", SortBy="Name", SortOrder="Ascending")

    assert ["truck-a", "truck-b"] == [model["ModelName"] for model in found["Models"]]


def test_list_by_status_finds_endpoints_in_the_status(cloud: Any) -> None:
    cloud.create_endpoint("good")
    cloud.create_endpoint("bad", "cannot load")

    found = cloud.control.list_endpoints(StatusEquals="Failed")["Endpoints"]

    assert [("bad", "Failed")] == [
        (endpoint["EndpointName"], endpoint["EndpointStatus"]) for endpoint in found
    ]


def test_list_with_an_unknown_token_is_refused(cloud: Any) -> None:
    expected = ("ValidationException", "Invalid pagination token.")
    assert expected == error_of(cloud.control.list_endpoint_configs, NextToken="abc")


def test_tags_are_added_changed_and_removed(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    arn = f"{ARN}:model/truck"
    cloud.control.add_tags(
        ResourceArn=arn, Tags=[{"Key": "environment", "Value": "dev"}, {"Key": "run", "Value": "1"}]
    )
    cloud.control.add_tags(ResourceArn=arn, Tags=[{"Key": "environment", "Value": "prod"}])
    cloud.control.delete_tags(ResourceArn=arn, TagKeys=["run"])

    assert [{"Key": "environment", "Value": "prod"}] == cloud.control.list_tags(ResourceArn=arn)[
        "Tags"
    ]


def test_tags_of_an_unknown_resource_are_refused(cloud: Any) -> None:
    expected = ("ValidationException", f'Could not find resource "{ARN}:model/truck".')
    assert expected == error_of(cloud.control.list_tags, ResourceArn=f"{ARN}:model/truck")


def test_creation_of_an_endpoint_is_authorized_on_it_and_on_its_configuration(cloud: Any) -> None:
    cloud.create_endpoint("Trucks")

    expected = [
        ("sagemaker:CreateEndpoint", f"{ARN}:endpoint-config/trucks"),
        ("sagemaker:CreateEndpoint", f"{ARN}:endpoint/trucks"),
    ]
    assert expected == [
        asked for asked in cloud.authorizer.asked if asked[0] == "sagemaker:CreateEndpoint"
    ]


def test_list_is_authorized_on_everything(cloud: Any) -> None:
    cloud.control.list_models()

    assert [("sagemaker:ListModels", "*")] == cloud.authorizer.asked


def test_denied_operation_answers_access_denied_and_does_nothing(cloud: Any) -> None:
    cloud.authorizer.denied.add(("sagemaker:CreateModel", f"{ARN}:model/truck"))

    with pytest.raises(ClientError, match="AccessDeniedException"):
        cloud.create_model("truck", "truck")
    assert [] == cloud.control.list_models()["Models"]


def test_regions_have_separate_resources(cloud: Any, server: Any, session: Any) -> None:
    cloud.create_model("truck", "truck")
    frankfurt = session.client("sagemaker", region_name="eu-central-1", endpoint_url=server.url)

    assert (
        "arn:aws:sagemaker:eu-central-1:000000000000:model/truck"
        in error_of(frankfurt.describe_model, ModelName="truck")[1]
    )


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("RoutingConfig", {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}),
        ("ManagedInstanceScaling", {"Status": "ENABLED", "MinInstanceCount": 1}),
        ("EnableSSMAccess", True),
    ],
)
def test_member_of_a_variant_that_is_not_emulated_is_refused(
    cloud: Any, member: str, value: Any
) -> None:
    cloud.create_model("truck", "truck")

    call = cloud.control.create_endpoint_config
    error = error_of(
        call, EndpointConfigName="trucks", ProductionVariants=[VARIANT | {member: value}]
    )

    assert error[1].startswith(f"ProductionVariants.{member}")
    assert error[1].endswith("is not emulated by the local SageMaker.")
