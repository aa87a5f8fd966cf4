"""The handler of serialize_image against a fake S3."""

import base64
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws
from PIL import Image
from urllib3.exceptions import ProtocolError, ReadTimeoutError, SSLError

from functions.serialize_image import app
from functions.serialize_image.image_preparation import (
    CorruptImageError,
    EmptyImageError,
    ImageTooLargeError,
)
from functions.serialize_image.stored_image import (
    ImageAccessDeniedError,
    ImageNotFoundError,
    ImageStoreUnavailableError,
    InvalidImageUrlError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "images"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:workflow:one"


def png(colour: str, side: int = 32) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (side, side), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def s3() -> Iterator["S3Client"]:
    """An empty bucket without versions, in a separate S3."""
    with mock_aws():
        app.s3().create_bucket(Bucket=BUCKET)
        yield app.s3()


@pytest.fixture
def stubbed() -> Iterator[Stubber]:
    """The function's client with canned answers."""
    with Stubber(app.s3()) as stubber:
        yield stubber


def serialize(context: Any, key: str = "uploads/truck.png", **event: Any) -> dict[str, Any]:
    answer = app.lambda_handler(
        {"image_url": f"s3://{BUCKET}/{key}", "execution": EXECUTION, **event}, context
    )
    return dict(answer)


def test_serialize_image_png_answers_the_contract(s3: "S3Client", context: Any) -> None:
    data = png("red")
    s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=data)
    answer = serialize(context)
    image = Image.open(BytesIO(base64.b64decode(answer.pop("image_data"))))
    assert {
        "content_type": "image/png",
        "width": 32,
        "height": 32,
        "source": {"format": "PNG", "width": 32, "height": 32, "bytes": len(data)},
        "image_hash": "8000000000000000",
    } == answer
    assert (255, 0, 0) == image.getpixel((0, 0))


def test_serialize_image_answer_is_json_below_64_kib(s3: "S3Client", context: Any) -> None:
    buffer = BytesIO()
    Image.effect_noise((1024, 1024), 100).convert("RGB").save(buffer, "PNG")
    s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=buffer.getvalue())
    assert len(json.dumps(serialize(context))) < 65_536


@pytest.mark.parametrize(
    "key", ["uploads/a b+c%20d.png", "uploads/#?&é.png", 'uploads/it\'s "it".png', "u/" + "k" * 900]
)
def test_serialize_image_raw_key_is_read(s3: "S3Client", context: Any, key: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=png("red"))
    assert 32 == serialize(context, key)["width"]


def test_serialize_image_version_id_reads_that_version(s3: "S3Client", context: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=png("red", 10))["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=png("red", 20))
    assert 10 == serialize(context, version_id=first)["width"]


def test_serialize_image_replaced_content_of_a_bucket_without_versions_is_not_found(
    s3: "S3Client", context: Any
) -> None:
    first = s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=png("red", 10))[
        "ETag"
    ].strip('"')
    s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=png("red", 20))
    with pytest.raises(ImageNotFoundError):
        serialize(context, etag=first)


def test_serialize_image_deleted_version_is_not_found(s3: "S3Client", context: Any) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=png("red"))
    marker = s3.delete_object(Bucket=BUCKET, Key="uploads/truck.png")["VersionId"]
    with pytest.raises(ImageNotFoundError):
        serialize(context, version_id=marker)


def test_serialize_image_missing_key_is_not_found(s3: "S3Client", context: Any) -> None:
    with pytest.raises(ImageNotFoundError, match=r"no image s3://images/uploads/truck\.png"):
        serialize(context)


def test_serialize_image_missing_bucket_is_a_wrong_url(s3: "S3Client", context: Any) -> None:
    with pytest.raises(InvalidImageUrlError, match="no bucket other-images"):
        app.lambda_handler({"image_url": "s3://other-images/a"}, context)


def test_serialize_image_without_image_url_is_a_wrong_url(context: Any) -> None:
    with pytest.raises(InvalidImageUrlError):
        app.lambda_handler({}, context)


def test_serialize_image_empty_object_is_empty(s3: "S3Client", context: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=b"")
    with pytest.raises(EmptyImageError):
        serialize(context)


def test_serialize_image_cut_off_object_is_corrupt(s3: "S3Client", context: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=png("red")[:50])
    with pytest.raises(CorruptImageError):
        serialize(context)


class UnreadBody(BytesIO):
    def read(self, *_args: Any, **_options: Any) -> bytes:
        raise AssertionError("a body of this size must not be read")


def test_serialize_image_too_large_object_is_not_read(stubbed: Stubber, context: Any) -> None:
    body = StreamingBody(UnreadBody(), 25_000_001)
    stubbed.add_response("get_object", {"Body": body, "ContentLength": 25_000_001, "ETag": '"abc"'})
    with pytest.raises(ImageTooLargeError, match="at most 25 MB"):
        serialize(context)


def test_serialize_image_forbidden_object_is_denied(stubbed: Stubber, context: Any) -> None:
    stubbed.add_client_error("get_object", "AccessDenied", "Access Denied", 403)
    with pytest.raises(ImageAccessDeniedError, match="Access Denied"):
        serialize(context)


def test_serialize_image_slowed_down_store_is_unavailable(stubbed: Stubber, context: Any) -> None:
    stubbed.add_client_error("get_object", "SlowDown", "Reduce your request rate.", 503)
    with pytest.raises(ImageStoreUnavailableError, match="SlowDown"):
        serialize(context)


@pytest.mark.parametrize(
    "failure",
    [
        EndpointConnectionError(endpoint_url="http://127.0.0.1"),
        ConnectTimeoutError(endpoint_url="http://127.0.0.1"),
    ],
)
def test_serialize_image_unreachable_store_is_unavailable(
    context: Any, failing_call: Any, failure: Exception
) -> None:
    with (
        failing_call(app.s3(), "before-call.s3.GetObject", failure),
        pytest.raises(ImageStoreUnavailableError, match="in time or in full"),
    ):
        serialize(context)


class BrokenBody(BytesIO):
    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self.failure = failure

    def read(self, *_args: Any, **_options: Any) -> bytes:
        raise self.failure


@pytest.mark.parametrize(
    "raw",
    [
        BrokenBody(ReadTimeoutError(None, "", "timed out")),  # type: ignore[arg-type]
        BrokenBody(ProtocolError("connection broken")),
        BrokenBody(SSLError("bad record")),
        BytesIO(b"short"),
    ],
)
def test_serialize_image_broken_body_is_unavailable(
    stubbed: Stubber, context: Any, raw: BytesIO
) -> None:
    answer = {"Body": StreamingBody(raw, 100), "ContentLength": 100, "ETag": '"abc"'}
    stubbed.add_response("get_object", answer)
    with pytest.raises(ImageStoreUnavailableError, match="in time or in full"):
        serialize(context)


def test_serialize_image_metrics_have_size_and_time(
    s3: "S3Client", context: Any, emitted_metrics: Callable[[], dict[str, Any]]
) -> None:
    s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=png("red"))
    serialize(context)
    emitted = emitted_metrics()
    assert [len(png("red"))] == emitted["SourceBytes"]
    assert emitted["SerializeTime"][0] > 0


@pytest.mark.usefixtures("s3")
def test_serialize_image_retry_that_fails_again_is_counted(
    context: Any, emitted_metrics: Callable[[], dict[str, Any]]
) -> None:
    with pytest.raises(ImageNotFoundError):
        app.lambda_handler(
            {"image_url": f"s3://{BUCKET}/uploads/none.png", "retry_count": 1}, context
        )
    assert [1] == emitted_metrics()["Retries"]


def test_serialize_image_failure_is_counted(
    context: Any, emitted_metrics: Callable[[], dict[str, Any]]
) -> None:
    with pytest.raises(InvalidImageUrlError):
        app.lambda_handler({}, context)
    assert [1] == emitted_metrics()["SerializeRequests"]


def test_serialize_image_log_names_execution_and_image(
    s3: "S3Client", context: Any, log_lines: Callable[[], list[dict[str, Any]]]
) -> None:
    s3.put_object(Bucket=BUCKET, Key="uploads/truck.png", Body=png("red"))
    serialize(context)
    (line,) = log_lines()
    assert EXECUTION == line["correlation_id"]
    assert "s3://images/uploads/truck.png" == line["image_url"]
