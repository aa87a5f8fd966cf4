"""Versions of images in S3."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from training.dataset.stored_image import ImageVersionGoneError, version_reader
from training.steps.context import Context

URL, KEY = "s3://images/uploads/a b.png", {"Bucket": "images", "Key": "uploads/a b.png"}


def read(context: Context, *codes: str, version: str = "v1") -> bytes:
    """Read a version, where S3 refuses the requests with these codes."""
    with Stubber(context.aws.s3) as stubber:
        expected: Any = [{"VersionId": version}, {"IfMatch": version}]
        for code, named in zip(codes, expected, strict=False):
            stubber.add_client_error("get_object", code, expected_params=KEY | named)
        return version_reader(context.aws.s3, URL, version)()


@pytest.mark.parametrize(
    "codes",
    [
        ["NoSuchKey"],
        ["MethodNotAllowed"],
        ["NoSuchVersion", "PreconditionFailed"],
        ["InvalidArgument", "PreconditionFailed"],
        ["InvalidArgument", "NoSuchKey"],
    ],
)
def test_version_that_no_request_finds_is_gone(context: Context, codes: list[str]) -> None:
    with pytest.raises(ImageVersionGoneError, match=r"a b\.png has no version v1 any more"):
        read(context, *codes)


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "KMS.DisabledException"])
def test_refusal_that_holds_for_all_images_is_not_a_missing_version(
    context: Context, code: str
) -> None:
    with pytest.raises(ClientError, match=code):
        read(context, code)
