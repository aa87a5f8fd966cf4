"""Tasks read and write the tags of an object's version."""

from typing import Any

import pytest
from ministack.services import s3

TAGS = [{"Key": "a & b", "Value": "<c>"}, {"Key": "empty", "Value": ""}]


@pytest.fixture
def version(ministack: Any) -> str:
    """Store an object in a bucket with versions; return the version."""
    ministack.put_role([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}])
    s3._create_bucket("images", b"", {})
    enabled = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    s3._put_bucket_versioning("images", enabled)
    _, headers, _ = s3._put_object("images", "a.jpg", b"picture", {})
    return str(headers["x-amz-version-id"])


def _task(way: str, version: str, key: str = "a.jpg", **more: Any) -> dict[str, Any]:
    arguments = {"Bucket": "images", "Key": key, "VersionId": version, **more}
    resource = f"arn:aws:states:::aws-sdk:s3:{way}ObjectTagging"
    return {"Type": "Task", "Resource": resource, "Arguments": arguments}


def test_written_tags_are_read_again(ministack: Any, version: str) -> None:
    write = _task("put", version, Tagging={"TagSet": TAGS}) | {"Next": "Read"}
    read = _task("get", version) | {"End": True}
    assert {"TagSet": TAGS} == ministack.run({"Write": write, "Read": read}).output


def test_version_without_tags_has_an_empty_set(ministack: Any, version: str) -> None:
    read = _task("get", version) | {"End": True}
    assert {"TagSet": []} == ministack.run({"Read": read}).output


@pytest.mark.parametrize(
    ("key", "error"), [("a.jpg", "S3.S3Exception"), ("b.jpg", "S3.NoSuchKeyException")]
)
def test_unknown_version_and_key_have_the_errors_of_the_second_sdk(
    ministack: Any, version: str, key: str, error: str
) -> None:
    assert version
    execution = ministack.run({"Read": _task("get", "0" * 32, key) | {"End": True}})
    assert error == execution.error
    assert "Status Code: 404" in execution.cause
