"""What a state that calls HeadObject is told."""

from collections.abc import Iterator

import pytest
from ministack.services import s3

from tests.contract.local.conftest import Execution, MiniStackInProcess

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


def head(ministack: MiniStackInProcess, key: str) -> Execution:
    return ministack.run(HEAD, {"key": key})


def test_time_is_in_iso_8601(heads: MiniStackInProcess) -> None:
    output = head(heads, "a b+c.png").output
    assert ("T", "Z", 5) == (output["LastModified"][10], output["LastModified"][19:], output["ContentLength"])


def test_missing_object_has_the_name_of_the_sdks_error(heads: MiniStackInProcess) -> None:
    assert "S3.NoSuchKeyException" == head(heads, "another.png").error
