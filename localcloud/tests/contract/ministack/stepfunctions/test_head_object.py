"""A state that calls HeadObject gets its result or the SDK's error."""

import json
from collections.abc import Iterator

import pytest
from ministack.services import s3

from localcloud.tests.contract.conftest import Execution, MiniStackInProcess

VERSIONING = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
HEAD = {
    "Head": {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:headObject",
        "Arguments": {"Bucket": "images", "Key": "{% $states.input.key %}"},
        "End": True,
    }
}


@pytest.fixture
def heads(ministack: MiniStackInProcess) -> Iterator[MiniStackInProcess]:
    s3._create_bucket("images", b"", {})
    s3._put_object("images", "a b+c.png", b"image", {})
    yield ministack
    s3.reset()


def head(ministack: MiniStackInProcess, key: str, version_id: str | None = None) -> Execution:
    states = json.loads(json.dumps(HEAD))
    if version_id:
        states["Head"]["Arguments"]["VersionId"] = version_id
    return ministack.run(states, {"key": key})


def test_time_is_in_iso_8601(heads: MiniStackInProcess) -> None:
    output = head(heads, "a b+c.png").output
    assert "T" == output["LastModified"][10]
    assert "Z" == output["LastModified"][19:]
    assert 5 == output["ContentLength"]


def test_missing_object_has_the_name_of_the_sdks_error(heads: MiniStackInProcess) -> None:
    assert "S3.NoSuchKeyException" == head(heads, "another.png").error


def test_malformed_version_id_is_a_general_error_with_its_status(heads: MiniStackInProcess) -> None:
    execution = head(heads, "a b+c.png", "dsf")
    assert "S3.S3Exception" == execution.error
    assert "null (Service: S3, Status Code: 400)" == execution.cause


def test_delete_marker_is_a_general_error_with_its_status(heads: MiniStackInProcess) -> None:
    s3._put_bucket_versioning("images", VERSIONING)
    marker = s3._delete_object("images", "a b+c.png", {}, {})[1]["x-amz-version-id"]
    execution = head(heads, "a b+c.png", marker)
    assert "S3.S3Exception" == execution.error
    assert "null (Service: S3, Status Code: 405)" == execution.cause
