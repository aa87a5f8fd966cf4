"""A stack cannot delete a bucket with objects or a protected table."""

from typing import Any

import pytest
from ministack.services import dynamodb, s3
from ministack.services.cloudformation import provisioners

from localcloud.ministack.cloudformation.guarded_deletions import (
    BucketNotEmptyError,
    TableProtectedError,
)

TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
}


@pytest.fixture
def bucket(ministack: Any) -> Any:
    name, _ = provisioners._provision_resource(
        "AWS::S3::Bucket", "Bucket", {"BucketName": "images"}, "stack"
    )
    yield name
    s3._buckets.pop(name, None)


def test_empty_bucket_is_deleted(bucket: str) -> None:
    provisioners._delete_resource("AWS::S3::Bucket", bucket, {})
    assert bucket not in s3._buckets


def test_bucket_with_an_object_is_not_deleted(bucket: str) -> None:
    s3._buckets[bucket]["objects"]["a.png"] = {"body": b"1"}
    with pytest.raises(
        BucketNotEmptyError, match="images: The bucket you tried to delete is not empty"
    ):
        provisioners._delete_resource("AWS::S3::Bucket", bucket, {})
    assert bucket in s3._buckets


@pytest.mark.usefixtures("ministack")
def test_protected_table_is_not_deleted_before_its_protection_is_off() -> None:
    properties = {**TABLE, "DeletionProtectionEnabled": True}
    name, _ = provisioners._provision_resource("AWS::DynamoDB::Table", "Table", properties, "stack")

    with pytest.raises(TableProtectedError, match="Disable deletion protection first"):
        provisioners._delete_resource("AWS::DynamoDB::Table", name, properties)

    dynamodb._tables[name]["DeletionProtectionEnabled"] = False
    provisioners._delete_resource("AWS::DynamoDB::Table", name, properties)

    assert name not in dynamodb._tables
