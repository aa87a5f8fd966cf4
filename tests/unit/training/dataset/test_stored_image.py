"""Versions of images in S3."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from training.dataset.stored_image import ImageVersionGoneError, object_reader, version_reader
from training.steps.context import Context

URL, KEY = "s3://images/uploads/a b.png", {"Bucket": "images", "Key": "uploads/a b.png"}
VERSION, ETAG = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH", "0a" * 16


def refused(context: Context, code: str, version: str = VERSION, asked: str = "VersionId") -> None:
    """Read a version, where S3 refuses the one request with this code."""
    expected: Any = KEY | {asked: version}
    with Stubber(context.aws.s3) as stubber:
        stubber.add_client_error("get_object", code, expected_params=expected)
        version_reader(context.aws.s3, URL, version)()


@pytest.mark.parametrize(
    "code", ["NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "InvalidArgument"]
)
def test_version_that_s3_does_not_have_is_gone(context: Context, code: str) -> None:
    with pytest.raises(ImageVersionGoneError, match=rf"a b\.png has no version {VERSION} any more"):
        refused(context, code)


@pytest.mark.parametrize("etag", [ETAG, f"{ETAG}-12"])
def test_other_content_in_a_bucket_without_versions_is_gone(context: Context, etag: str) -> None:
    with pytest.raises(ImageVersionGoneError):
        refused(context, "PreconditionFailed", etag, "IfMatch")


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "KMS.DisabledException"])
def test_refusal_that_holds_for_all_images_is_not_a_missing_version(
    context: Context, code: str
) -> None:
    with pytest.raises(ClientError, match=code):
        refused(context, code)


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (403, "InvalidObjectState", r"is archived\. Restore it, then stage again\."),
        (400, "InvalidRequest", r"encrypted with a key of its owner \(SSE-C\)\."),
        (403, "AccessDenied", "A bucket whose requester pays refuses it, too"),
    ],
)
def test_image_of_a_source_that_s3_does_not_give_out_says_why(
    context: Context, status: int, code: str, sentence: str
) -> None:
    read = object_reader(context.aws.s3, KEY["Bucket"], KEY["Key"])
    with Stubber(context.aws.s3) as stubber:
        stubber.add_client_error("get_object", code, http_status_code=status)
        with pytest.raises(PermissionError, match=sentence):
            read()
