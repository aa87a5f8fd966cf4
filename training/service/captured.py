"""Read the newest requests and answers that SageMaker captured of a variant from S3.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html: files of JSON lines
under <destination>/<endpoint>/<variant>/yyyy/mm/dd/hh/. Each payload names its `encoding`.
"""

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.s3_url import split_s3_url
from training.endpoint.invocation import OWN_REQUEST, InvalidAnswerError, parse_probabilities
from training.project.inventory import find_endpoint
from training.statistics.image_statistics import UndecodableImageError, image_statistics

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

PHOTOS = 12  # captured images that the drift report shows

_logger = logging.getLogger(__name__)
# Errors of JSON with another structure.
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True)
class Captured:
    """A captured request: time, statistics of the image, class probabilities, and the image."""

    at: datetime
    statistics: dict[str, float]
    probabilities: tuple[float, ...]
    image: bytes = field(default=b"", compare=False, repr=False)  # of the first `PHOTOS` only


def capture_url(sagemaker: "SageMakerClient", endpoint: str) -> str | None:
    """Return the S3 URL of the endpoint's captured data, None without capture."""
    found = find_endpoint(sagemaker, endpoint)
    config = found.get("DataCaptureConfig") if found else None
    return config["DestinationS3Uri"].rstrip("/") if config else None


def read_captured(
    s3: "S3Client", url: str, since: datetime, most: int, classes: int
) -> list[Captured]:
    """Return at most `most` captured requests since a moment, newest files first.

    Requests of this tool are left out.

    Args:
        s3: The client.
        url: S3 URL of one variant's captured data.
        since: Start of the period; older data may be of another model.
        most: Largest number of requests.
        classes: Number of class probabilities of the model; other answers are of another model.
    """
    bucket, folder = split_s3_url(url)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{folder}/")
    files = [
        one for page in pages for one in page.get("Contents", []) if one["LastModified"] >= since
    ]
    found: list[Captured] = []
    for file in sorted(files, key=lambda one: one["LastModified"], reverse=True):
        body = s3.get_object(Bucket=bucket, Key=file["Key"])["Body"].read()
        for one in _invocations(body, file["Key"], since):
            if len(one.probabilities) == classes:
                found.append(one if len(found) < PHOTOS else replace(one, image=b""))
        if len(found) >= most:
            break
    return found[:most]


def _invocations(body: bytes, key: str, since: datetime) -> Iterator[Captured]:
    """Yield the requests in a file, newest first. Log and skip unreadable lines.

    Requests of this tool are skipped too: held-out or OOD images would hide or simulate drift.
    """
    for line in reversed(body.splitlines()):
        try:
            captured = json.loads(line)
            metadata = captured["eventMetadata"]
            at = datetime.fromisoformat(metadata["inferenceTime"])
            if at <= since or metadata.get("inferenceId", "").startswith(OWN_REQUEST):
                continue
            data = captured["captureData"]
            answer = parse_probabilities(_payload(data["endpointOutput"]), key)
            image = _payload(data["endpointInput"])
            yield Captured(at, image_statistics(image), answer, image)
        except (*_MALFORMED, InvalidAnswerError, UndecodableImageError) as exc:
            _logger.warning("A line of %s is not a captured request: %s", key, exc)


def _payload(captured: dict[str, Any]) -> bytes:
    data: str = captured["data"]
    return base64.b64decode(data) if captured["encoding"] == "BASE64" else bytes(data, "utf-8")
