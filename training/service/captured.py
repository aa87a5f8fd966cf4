"""The newest requests and answers that SageMaker has captured of a variant of the endpoint, read from S3.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html: lines of JSON in
<destination>/<endpoint>/<variant>/yyyy/mm/dd/hh/; how each payload is written down, its `encoding` says.
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
_ODD = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
)  # what JSON of another shape leads to


@dataclass(frozen=True)
class Captured:
    """A captured request: time, statistics of the image, class probabilities, and the image."""

    at: datetime
    statistics: dict[str, float]
    probabilities: tuple[float, ...]
    image: bytes = field(default=b"", compare=False, repr=False)  # of the first `PHOTOS` only


def capture_url(sagemaker: "SageMakerClient", endpoint: str) -> str | None:
    """Where the endpoint's requests are captured; None if they are not, or if there is no endpoint."""
    found = find_endpoint(sagemaker, endpoint)
    config = found.get("DataCaptureConfig") if found else None
    return config["DestinationS3Uri"].rstrip("/") if config else None


def read_captured(
    s3: "S3Client", url: str, since: datetime, most: int, classes: int
) -> list[Captured]:
    """At most so many captured invocations by others than this tool since a moment, the newest files first.

    Args:
        s3: The client that reads them.
        url: Where those of one variant lie; a shadow's answers reach nobody.
        since: What is older is of another time, or of another model.
        most: So many are enough.
        classes: How many class probabilities an answer of the model has; others are of another model.
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
    """The invocations in a file, the newest first. What cannot be read is told in the log and left out.

    So is what this tool has asked itself: held-out or foreign images would hide a drift, or invent one.
    """
    for line in reversed(body.splitlines()):
        try:
            captured = json.loads(line)
            told = captured["eventMetadata"]
            at = datetime.fromisoformat(told["inferenceTime"])
            if at <= since or told.get("inferenceId", "").startswith(OWN_REQUEST):
                continue
            data = captured["captureData"]
            answer = parse_probabilities(_payload(data["endpointOutput"]), key)
            image = _payload(data["endpointInput"])
            yield Captured(at, image_statistics(image), answer, image)
        except (*_ODD, InvalidAnswerError, UndecodableImageError) as exc:
            _logger.warning("A line of %s is no captured invocation: %s", key, exc)


def _payload(captured: dict[str, Any]) -> bytes:
    data: str = captured["data"]
    return base64.b64decode(data) if captured["encoding"] == "BASE64" else bytes(data, "utf-8")
