"""Lambda function serialize_image: read an image version from S3 and prepare it for the model."""

import base64
from contextlib import closing
from dataclasses import asdict
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as NoConnectionError
from observability.failure_log import function_logger, log_failure
from observability.xray_provider import lambda_tracer
from urllib3.exceptions import HTTPError

from functions.serialize_image.bounded_decoder import BoundedDecoder
from functions.serialize_image.prepared_image import PreparedImage, refuse_too_many_bytes
from functions.serialize_image.stored_image import (
    ImageStoreUnavailableError,
    StoredImage,
    parse_request,
    read_error,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Seconds. Two attempts and a decoded image end before the function's timeout; the workflow retries.
S3_CONFIG = Config(
    connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
)

logger = function_logger()
tracer = lambda_tracer()
metrics = Metrics()


@cache
def s3() -> "S3Client":
    """Return the client, made at first use: an import needs no region and no credentials."""
    return boto3.client("s3", config=S3_CONFIG)


@cache
def decoder() -> BoundedDecoder:
    """Return the decoder, made at first use; it serves all invocations of an environment."""
    return BoundedDecoder()


@tracer.capture_method(capture_response=False)
def read_image(image: StoredImage) -> bytes:
    """Return the bytes of a stored image; an image above the limit is not read.

    Raises:
        ImageNotFoundError, ImageAccessDeniedError, InvalidImageUrlError: the image cannot be read.
        ImageArchivedError, ImageEncryptedError: S3 does not give its content out.
        ImageStoreUnavailableError: the same request may succeed later.
        ImageTooLargeError: the image is above the limit.
    """
    try:
        answer = s3().get_object(**image.get_object_request())
        with closing(answer["Body"]) as body:
            refuse_too_many_bytes(answer["ContentLength"])
            data = body.read()
    except ClientError as exc:
        raise read_error(image, exc.response) from exc
    except (
        NoConnectionError,
        HTTPClientError,
        IncompleteReadError,
        FlexibleChecksumError,
        HTTPError,
    ) as exc:
        raise ImageStoreUnavailableError(
            f"S3 did not send {image} in time or in full: {exc}"
        ) from exc

    metrics.add_metric(name="SourceBytes", unit=MetricUnit.Bytes, value=len(data))
    return data


@tracer.capture_method(capture_response=False)
def prepare(data: bytes) -> PreparedImage:
    """Prepare the image for the model, as a subsegment of the trace."""
    return decoder().prepare(data)


def serialized(prepared: PreparedImage) -> dict[str, Any]:
    """Build the answer: the image as base64, its size, and its source."""
    return {
        "image_data": base64.b64encode(prepared.data).decode(),
        "content_type": prepared.content_type,
        "width": prepared.width,
        "height": prepared.height,
        "source": asdict(prepared.source),
        "image_hash": prepared.image_hash,
    }


@logger.inject_lambda_context(correlation_id_path="execution", clear_state=True, log_event=False)
@log_failure(logger)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Answer `{image_url, version_id?, etag?}` with the prepared image.

    The name of an error's class is the error's name in the workflow definition.
    """
    metrics.add_metric(name="SerializeRequests", unit=MetricUnit.Count, value=1)
    image = parse_request(event)
    metrics.add_metric(
        name="Retries", unit=MetricUnit.Count, value=int(event.get("retry_count", 0) > 0)
    )
    logger.append_keys(image_url=image.url, version_id=image.version_id)

    started = perf_counter()
    decoder().start()  # it loads Pillow while S3 sends the image
    prepared = prepare(read_image(image))

    metrics.add_metric(
        name="SerializeTime", unit=MetricUnit.Milliseconds, value=(perf_counter() - started) * 1000
    )
    logger.info(
        "Image serialized", source=asdict(prepared.source), prepared_bytes=len(prepared.data)
    )
    return serialized(prepared)
