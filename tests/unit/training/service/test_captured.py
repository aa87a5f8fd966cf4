"""Read captured data, and leave out invalid or unrelated lines."""

import base64
import io
import json
import logging
import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from training.endpoint.invocation import OWN_REQUEST
from training.service.captured import read_captured
from training.steps.context import Context

BUCKET, VARIANT = "photos", "AllTraffic"
NOW = datetime.now(UTC)


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("L", (8, 8), 100).save(file, "PNG")
    return file.getvalue()


def boast() -> bytes:
    """A PNG of a few bytes that claims 30,000 by 30,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
    )


def payload(data: bytes) -> dict[str, Any]:
    return {"data": base64.b64encode(data).decode(), "encoding": "BASE64"}


def line(image: object = None, answer: object = None, inference_id: str | None = None) -> str:
    metadata = {"inferenceTime": (NOW + timedelta(minutes=1)).isoformat()} | (
        {"inferenceId": inference_id} if inference_id else {}
    )
    answer = {"data": "[0.9, 0.1]", "encoding": "JSON"} if answer is None else answer
    data = {
        "endpointInput": payload(picture()) if image is None else image,
        "endpointOutput": answer,
    }
    return json.dumps({"captureData": data, "eventMetadata": metadata})


@pytest.fixture
def captured(context: Context) -> Context:
    context.aws.s3.create_bucket(Bucket=BUCKET)
    return context


def put(context: Context, *lines: str, variant: str = VARIANT) -> None:
    key = f"captured/{context.names.endpoint}/{variant}/2030/01/01/00/a.jsonl"
    context.aws.s3.put_object(Bucket=BUCKET, Key=key, Body="\n".join(lines).encode())


def count(context: Context) -> int:
    return len(
        read_captured(
            context.aws.s3,
            f"s3://{BUCKET}/captured/{context.names.endpoint}/{VARIANT}",
            NOW - timedelta(hours=1),
            most=500,
            classes=2,
        )
    )


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param("cut off", id="no JSON"),
        pytest.param("[" * 100_000, id="JSON without end"),
        pytest.param("[]", id="a list"),
        pytest.param(json.dumps({"eventMetadata": None}), id="no metadata"),
        pytest.param(line(inference_id=7), id="a number as inference id"),  # type: ignore[arg-type]
        pytest.param(line(image={"data": None, "encoding": "JSON"}), id="no data"),
        pytest.param(line(image={"data": 3, "encoding": "JSON"}), id="a number as data"),
        pytest.param(line(answer={"data": None, "encoding": "JSON"}), id="no answer"),
        pytest.param(line(image=payload(b"no picture")), id="no image"),
        pytest.param(line(image=payload(boast())), id="an image that boasts"),
        pytest.param(line(image=payload(picture()[:40])), id="an image that ends in its header"),
        pytest.param(line(image=payload(picture()[:-28])), id="an image that is cut off"),
    ],
)
def test_invalid_line_is_reported_and_left_out(
    captured: Context, caplog: pytest.LogCaptureFixture, odd: str
) -> None:
    put(captured, line(), odd)
    with caplog.at_level(logging.WARNING):
        assert 1 == count(captured)
    assert "is not a captured request" in caplog.text


def test_requests_of_the_tool_itself_are_left_out(captured: Context) -> None:
    put(captured, line(), line(inference_id=f"{OWN_REQUEST}1"), line(inference_id="order-7"))
    assert 2 == count(captured)


def test_answers_of_other_variants_and_shadows_are_left_out(captured: Context) -> None:
    put(captured, line())
    put(captured, line(), variant=f"{VARIANT}-2")
    put(captured, line(), variant="shadow")
    assert 1 == count(captured)


def test_answers_of_a_model_of_other_classes_are_left_out(captured: Context) -> None:
    put(captured, line(), line(answer={"data": "[0.5, 0.2, 0.3]", "encoding": "JSON"}))
    assert 1 == count(captured)
