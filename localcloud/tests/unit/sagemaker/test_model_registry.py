"""Manage model package groups and model packages with boto3."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:sagemaker:us-east-1:000000000000"
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://models/truck/model.tar.gz"}],
    "SupportedContentTypes": ["application/x-image"],
    "SupportedResponseMIMETypes": ["application/json"],
}


def register(cloud: Any, group: str = "Trucks", **members: Any) -> str:
    """Register a version, in a group that is created if it is missing; return its ARN."""
    if group not in [found["ModelPackageGroupName"] for found in groups(cloud)]:
        cloud.control.create_model_package_group(ModelPackageGroupName=group)
    created = cloud.control.create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=SPECIFICATION, **members
    )
    return str(created["ModelPackageArn"])


def groups(cloud: Any) -> Any:
    return cloud.control.list_model_package_groups()["ModelPackageGroupSummaryList"]


def versions(cloud: Any, **wanted: Any) -> list[int]:
    found = cloud.control.list_model_packages(ModelPackageGroupName="Trucks", **wanted)[
        "ModelPackageSummaryList"
    ]
    return [package["ModelPackageVersion"] for package in found]


def error_of(call: Any, **members: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**members)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_group_is_described_as_completed(cloud: Any) -> None:
    cloud.control.create_model_package_group(
        ModelPackageGroupName="Trucks", ModelPackageGroupDescription="of trucks"
    )

    found = cloud.control.describe_model_package_group(ModelPackageGroupName="Trucks")

    assert f"{ARN}:model-package-group/trucks" == found["ModelPackageGroupArn"]
    assert "of trucks" == found["ModelPackageGroupDescription"]
    assert "Completed" == found["ModelPackageGroupStatus"]


def test_group_of_a_taken_name_is_refused(cloud: Any) -> None:
    cloud.control.create_model_package_group(ModelPackageGroupName="Trucks")

    expected = (
        "ValidationException",
        f"Model Package Group already exists: {ARN}:model-package-group/trucks",
    )
    assert expected == error_of(
        cloud.control.create_model_package_group, ModelPackageGroupName="Trucks"
    )


def test_missing_group_is_an_error(cloud: Any) -> None:
    expected = (
        "ValidationException",
        f"ModelPackageGroup {ARN}:model-package-group/none does not exist.",
    )
    assert expected == error_of(
        cloud.control.describe_model_package_group, ModelPackageGroupName="none"
    )


def test_group_with_packages_is_not_deleted(cloud: Any) -> None:
    register(cloud)

    assert (
        "ConflictException"
        == error_of(cloud.control.delete_model_package_group, ModelPackageGroupName="Trucks")[0]
    )


def test_group_whose_packages_are_deleted_can_be_deleted(cloud: Any) -> None:
    cloud.control.delete_model_package(ModelPackageName=register(cloud))

    cloud.control.delete_model_package_group(ModelPackageGroupName="Trucks")

    assert [] == groups(cloud)


def test_tags_belong_to_the_group(cloud: Any) -> None:
    tags = [{"Key": "environment", "Value": "dev"}]
    cloud.control.create_model_package_group(ModelPackageGroupName="Trucks", Tags=tags)

    assert tags == cloud.control.list_tags(ResourceArn=f"{ARN}:model-package-group/trucks")["Tags"]


def test_package_with_tags_is_refused(cloud: Any) -> None:
    cloud.control.create_model_package_group(ModelPackageGroupName="Trucks")

    message = error_of(
        cloud.control.create_model_package,
        ModelPackageGroupName="Trucks",
        Tags=[{"Key": "a", "Value": "b"}],
    )[1]
    assert (
        "A versioned model package has no tags of its own: tag its model package group." == message
    )


def test_package_is_the_next_version_of_its_group(cloud: Any) -> None:
    register(cloud)

    assert f"{ARN}:model-package/trucks/2" == register(cloud)


def test_version_number_of_a_deleted_package_is_not_used_again(cloud: Any) -> None:
    cloud.control.delete_model_package(ModelPackageName=register(cloud))

    assert f"{ARN}:model-package/trucks/2" == register(cloud)


def test_package_is_described_with_its_registered_members(cloud: Any) -> None:
    metrics = {
        "ModelQuality": {
            "Statistics": {"ContentType": "application/json", "S3Uri": "s3://models/m.json"}
        }
    }
    arn = register(cloud, ModelMetrics=metrics, CustomerMetadataProperties={"run": "1"})

    found = cloud.control.describe_model_package(ModelPackageName=arn)

    assert "Trucks" == found["ModelPackageGroupName"]
    assert 1 == found["ModelPackageVersion"]
    assert "Completed" == found["ModelPackageStatus"]
    assert "PendingManualApproval" == found["ModelApprovalStatus"]
    assert metrics == found["ModelMetrics"]
    assert {"run": "1"} == found["CustomerMetadataProperties"]
    assert SPECIFICATION == found["InferenceSpecification"]


def test_package_of_a_version_is_described_without_a_name_of_its_own(cloud: Any) -> None:
    assert "ModelPackageName" not in cloud.control.describe_model_package(
        ModelPackageName=register(cloud)
    )


@pytest.mark.parametrize("name", ["Trucks/1", f"{ARN}:model-package/trucks/1"])
def test_package_is_found_by_name_and_by_arn(cloud: Any, name: str) -> None:
    register(cloud)

    assert 1 == cloud.control.describe_model_package(ModelPackageName=name)["ModelPackageVersion"]


def test_package_without_a_group_is_refused(cloud: Any) -> None:
    message = error_of(cloud.control.create_model_package, ModelPackageName="truck")[1]

    assert message.startswith("The local SageMaker has versioned model packages only")


def test_update_approves_and_changes_metadata(cloud: Any) -> None:
    arn = register(cloud, CustomerMetadataProperties={"run": "1", "draft": "yes"})

    cloud.control.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="better by two points",
        CustomerMetadataProperties={"reviewer": "board"},
        CustomerMetadataPropertiesToRemove=["draft"],
    )

    found = cloud.control.describe_model_package(ModelPackageName=arn)
    assert "Approved" == found["ModelApprovalStatus"]
    assert "better by two points" == found["ApprovalDescription"]
    assert {"run": "1", "reviewer": "board"} == found["CustomerMetadataProperties"]


def test_list_by_approval_holds_packages_of_that_status(cloud: Any) -> None:
    register(cloud)
    register(cloud, ModelApprovalStatus="Approved")

    assert [2] == versions(cloud, ModelApprovalStatus="Approved")


def test_list_newest_first_begins_with_the_last_version(cloud: Any) -> None:
    for _ in range(3):
        register(cloud)

    assert [3, 2, 1] == versions(cloud, SortBy="CreationTime", SortOrder="Descending")


def test_list_comes_in_pages(cloud: Any) -> None:
    for _ in range(3):
        register(cloud)

    paginator = cloud.control.get_paginator("list_model_packages")
    pages = paginator.paginate(ModelPackageGroupName="Trucks", PaginationConfig={"PageSize": 2})
    assert [2, 1] == [len(page["ModelPackageSummaryList"]) for page in pages]


def test_list_without_a_group_holds_no_versions_unless_asked(cloud: Any) -> None:
    register(cloud)

    listed = cloud.control.list_model_packages
    assert 0 == len(listed()["ModelPackageSummaryList"])
    assert 1 == len(listed(ModelPackageType="Versioned")["ModelPackageSummaryList"])


def test_packages_survive_a_restart(cloud: Any) -> None:
    register(cloud)

    cloud.restart()

    assert [1] == versions(cloud)


def test_update_is_authorized_on_the_package(cloud: Any) -> None:
    arn = register(cloud)
    cloud.authorizer.asked.clear()

    cloud.control.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")

    assert [("sagemaker:UpdateModelPackage", arn)] == cloud.authorizer.asked


def test_model_of_a_package_that_is_not_approved_is_refused(cloud: Any) -> None:
    arn = register(cloud, ModelApprovalStatus="Rejected")

    expected = (
        "ValidationException",
        f"Cannot create a model from the model package {arn}: it is Rejected.",
    )
    assert expected == error_of(
        cloud.control.create_model, ModelName="truck", PrimaryContainer={"ModelPackageName": arn}
    )


def test_model_of_an_approved_package_is_served(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    arn = register(cloud, ModelApprovalStatus="Approved")
    cloud.control.create_model(
        ModelName="approved",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/a",
        Containers=[{"ModelPackageName": arn}],
    )
    cloud.create_config("trucks", approved=1.0)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    cloud.settle("trucks")

    answered = cloud.runtime.invoke_endpoint(EndpointName="trucks", Body=b"picture")["Body"].read()
    assert "truck" == json.loads(answered)["model"]
