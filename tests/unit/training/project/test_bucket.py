"""A bucket for a dataset."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from training.project.bucket import BucketNotUsableError, require_bucket
from training.steps.context import Context


@pytest.fixture
def s3(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.s3) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("404", "The bucket photos does not exist"),
        ("403", "belongs to another account, or you lack"),
        ("301", "is not in the region us-east-1"),
    ],
)
def test_unusable_bucket_is_an_error_with_a_remedy(
    code: str, message: str, context: Context, s3: Stubber
) -> None:
    s3.add_client_error("head_bucket", code, http_status_code=int(code))
    with pytest.raises(BucketNotUsableError, match=message):
        require_bucket(context.aws, "photos")


def test_readable_bucket_of_another_region_is_an_error(context: Context, s3: Stubber) -> None:
    s3.add_response("head_bucket", {"BucketRegion": "eu-west-1"})
    with pytest.raises(BucketNotUsableError, match=r"is in eu-west-1, .* Use --region eu-west-1"):
        require_bucket(context.aws, "photos")


def test_fault_of_s3_is_raised_unchanged(context: Context, s3: Stubber) -> None:
    s3.add_client_error("head_bucket", "503", http_status_code=503)
    with pytest.raises(ClientError):
        require_bucket(context.aws, "photos")


def test_a_bucket_in_the_region_is_usable(context: Context) -> None:
    context.aws.s3.create_bucket(Bucket="photos")
    require_bucket(context.aws, "photos")


def test_a_bucket_that_is_not_there_is_told(context: Context) -> None:
    with pytest.raises(BucketNotUsableError, match="The bucket none does not exist"):
        require_bucket(context.aws, "none")
