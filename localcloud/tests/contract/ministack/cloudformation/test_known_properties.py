"""A property that its resource type does not have, or that is read-only, fails the resource."""

from typing import Any

import pytest
from ministack.services import sqs
from ministack.services.cloudformation import provisioners, stacks

from localcloud.ministack.cloudformation.known_properties import TABLE, known_properties
from localcloud.ministack.properties_table import generated

pytestmark = pytest.mark.usefixtures("ministack")


@pytest.mark.parametrize("module", [provisioners, stacks])
def test_resource_with_an_unknown_property_is_not_created(module: Any) -> None:
    message = (
        r"^Properties validation failed for resource Queue with message:\n"
        r"#: extraneous key \[Colour\] is not"
    )
    with pytest.raises(ValueError, match=message):
        module._provision_resource("AWS::SQS::Queue", "Queue", {"Colour": "red"}, "gate")

    assert not sqs._queues


@pytest.mark.parametrize("module", [provisioners, stacks])
def test_resource_is_not_updated_to_an_unknown_property(module: Any) -> None:
    url, _ = provisioners._provision_resource("AWS::SQS::Queue", "Queue", {}, "gate")
    with pytest.raises(ValueError, match=r"extraneous key \[Colour\]"):
        module._update_resource("AWS::SQS::Queue", url, {}, {"Colour": "red"}, "gate", "Queue")


def test_unknown_property_inside_a_list_is_named_by_its_path() -> None:
    rules = {"Rules": [{"Id": "known"}, {"Id": "wrong", "Colour": "red"}]}
    with pytest.raises(
        ValueError, match=r"\n#/LifecycleConfiguration/Rules/1: extraneous key \[Colour\] is not"
    ):
        provisioners._provision_resource(
            "AWS::S3::Bucket", "Bucket", {"LifecycleConfiguration": rules}, "gate"
        )


@pytest.mark.parametrize(
    ("resource_type", "properties"),
    [
        ("AWS::SQS::Queue", {"Arn": "arn:aws:sqs:us-east-1:000000000000:queue"}),
        ("AWS::S3::Bucket", {"DomainName": "images.s3.amazonaws.com"}),
        ("AWS::Lambda::Function", {"SnapStartResponse": {"ApplyOn": "None"}}),
    ],
)
def test_resource_with_a_read_only_property_is_not_created(
    resource_type: str, properties: dict[str, Any]
) -> None:
    [name] = properties
    with pytest.raises(ValueError, match=rf"\n#: extraneous key \[{name}\] is not permitted"):
        provisioners._provision_resource(resource_type, "One", properties, "gate")


def test_properties_that_a_schema_leaves_open_are_accepted() -> None:
    document = {"Version": "2012-10-17", "Statement": [], "Anything": 1}
    role = {"AssumeRolePolicyDocument": document, "RoleName": "open"}
    name, _ = provisioners._provision_resource("AWS::IAM::Role", "Role", role, "gate")
    assert "open" == name


def test_table_has_every_type_but_those_with_open_schemas() -> None:
    without = set(provisioners._RESOURCE_HANDLERS) - known_properties().keys()
    assert {name for name in without if not name.startswith("AWS::CloudFormation::")} == set()
    assert TABLE.stat().st_size < 100_000


def test_schemas_of_two_regions_add_up() -> None:
    rule = {"additionalProperties": False, "properties": {"Id": {}}}
    here = {
        "typeName": "AWS::SQS::Queue",
        "additionalProperties": False,
        "properties": {"Rules": {"type": "array", "items": {"$ref": "#/definitions/Rule"}}},
        "definitions": {"Rule": rule, "Open": {"properties": {"Any": {}}}},
    }
    there = {**here, "properties": {"Name": {}}}
    table = generated([here, there], "2026-01-01", {"AWS::SQS::Queue"})

    assert '"AWS::SQS::Queue": {"":["Name","Rules:Rule"],"Rule":["Id"]}' in table


def test_read_only_properties_are_not_in_the_table_unless_they_are_required() -> None:
    schema = {
        "typeName": "AWS::SQS::Queue",
        "additionalProperties": False,
        "properties": {"Arn": {}, "Id": {}, "Key": {}, "Name": {}},
        "readOnlyProperties": ["/properties/Arn", "/properties/Id", "/properties/Key"],
        "required": ["Id"],
        "createOnlyProperties": ["/properties/Key"],
    }
    table = generated([schema], "2026-01-01", {"AWS::SQS::Queue"})

    assert '"AWS::SQS::Queue": {"":["Id","Key","Name"]}' in table
