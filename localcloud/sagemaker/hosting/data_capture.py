"""Capture the requests and answers of endpoints, as lines of JSON in files like those of AWS.

Source of the format:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html.
"""

import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from localcloud.api.protocol import InvalidRequestError, NotEmulatedError

type Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Payload:
    """The data of one direction: its bytes, and its content type if it has one."""

    content_type: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Captured:
    """One invocation to capture.

    ``config`` is a DataCaptureConfig, ``time`` is in seconds since 1970, ``role`` is the ARN of the
    variant's role.
    """

    config: Config
    endpoint: str
    variant: str
    time: float
    input: Payload
    output: Payload
    inference_id: str | None
    role: str


@dataclass(frozen=True)
class CaptureFile:
    """One object for S3, which the role of this ARN writes for this endpoint."""

    url: str
    body: bytes
    kms_key_id: str | None
    role: str
    endpoint: str


def is_enabled(config: Config | None) -> bool:
    """Return whether a DataCaptureConfig enables capture, which is the default."""
    return config is not None and bool(config.get("EnableCapture", True))


def check_capture(config: Config | None, variants: Sequence[Mapping[str, Any]]) -> None:
    """Check the DataCaptureConfig of an endpoint configuration.

    Raises:
        InvalidRequestError: a variant is serverless, which AWS does not capture.
        NotEmulatedError: the destination does not start with s3://.
    """
    if config is None or not is_enabled(config):
        return
    if any("ServerlessConfig" in variant for variant in variants):
        raise InvalidRequestError(
            "DataCaptureConfig is not supported for serverless production variants."
        )
    if not config["DestinationS3Uri"].startswith("s3://"):
        raise NotEmulatedError("A DestinationS3Uri that does not start with s3:// is not emulated.")


def capture_summary(config: Config | None) -> dict[str, Any] | None:
    """Return the description of a DataCaptureConfig in DescribeEndpoint."""
    if config is None:
        return None
    return {
        "EnableCapture": is_enabled(config),
        "CaptureStatus": "Started" if is_enabled(config) else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }


def capture_files(captured: Iterable[Captured]) -> Iterator[CaptureFile]:
    """Return the files that hold these invocations.

    Each destination, endpoint, variant, hour (UTC) and role has a file.
    """
    of_folder = defaultdict[tuple[str, str], list[Captured]](list)
    for invocation in captured:
        base = invocation.config["DestinationS3Uri"].rstrip("/")
        hour = f"{_utc(invocation.time):%Y/%m/%d/%H}"
        folder = f"{base}/{invocation.endpoint}/{invocation.variant}/{hour}"
        of_folder[folder, invocation.role].append(invocation)

    for (folder, role), invocations in of_folder.items():
        began = _utc(invocations[0].time)
        name = f"{began:%M-%S}-{began.microsecond // 1000:03d}-{uuid4()}.jsonl"
        lines = "".join(json.dumps(_line(invocation)) + "\n" for invocation in invocations)
        first = invocations[0]
        key = first.config.get("KmsKeyId")
        yield CaptureFile(f"{folder}/{name}", lines.encode(), key, role, first.endpoint)


def _line(captured: Captured) -> dict[str, Any]:
    modes = {option["CaptureMode"] for option in captured.config["CaptureOptions"]}
    data = {}
    if modes & {"Input", "InputAndOutput"}:
        data["endpointInput"] = _captured_payload("INPUT", captured.input, captured.config)
    if modes & {"Output", "InputAndOutput"}:
        data["endpointOutput"] = _captured_payload("OUTPUT", captured.output, captured.config)
    metadata = {
        "eventId": str(uuid4()),
        "inferenceTime": f"{_utc(captured.time):%Y-%m-%dT%H:%M:%SZ}",
    }
    if captured.inference_id:
        metadata["inferenceId"] = captured.inference_id
    return {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}


def _captured_payload(mode: str, payload: Payload, config: Config) -> dict[str, str]:
    encoding, data = _encoded(payload, config.get("CaptureContentTypeHeader", {}))
    observed = {"observedContentType": payload.content_type} if payload.content_type else {}
    return {**observed, "mode": mode, "data": data, "encoding": encoding}


def _encoded(payload: Payload, as_text: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    media_type = (payload.content_type or "").partition(";")[0].strip().lower()
    for encoding, member in (("CSV", "CsvContentTypes"), ("JSON", "JsonContentTypes")):
        if media_type in as_text.get(member, ()):
            return encoding, payload.body.decode(errors="replace")
    return "BASE64", b64encode(payload.body).decode()


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
