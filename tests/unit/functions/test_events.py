"""Each sample event of a function runs through its handler."""

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws
from PIL import Image

from functions.classify_image import app as classify_image
from functions.filter_inferences import app as filter_inferences
from functions.serialize_image import app as serialize_image

ROOT = Path(__file__).parents[3]


def event(name: str) -> dict[str, Any]:
    return dict(json.loads((ROOT / "events" / f"{name}.json").read_text()))


def pixels(image_data: str) -> bytes:
    return Image.open(BytesIO(base64.b64decode(image_data))).tobytes()


def test_serialize_image_event_gives_the_image_of_the_classify_image_event(context: Any) -> None:
    sample, image_data = event("serialize_image"), event("classify_image")["image_data"]
    bucket, key = sample["image_url"].removeprefix("s3://").split("/", 1)
    with mock_aws():
        serialize_image.s3().create_bucket(Bucket=bucket)
        serialize_image.s3().put_object(Bucket=bucket, Key=key, Body=base64.b64decode(image_data))
        answer = serialize_image.lambda_handler(sample, context)
    assert pixels(image_data) == pixels(answer["image_data"])


def test_classify_image_event_gives_class_probabilities(
    context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENDPOINT_NAME", "scones-unlimited")
    monkeypatch.setenv("MODEL_CARD_PARAMETER", "/card")
    answer = {
        "Body": StreamingBody(BytesIO(b"[0.08, 0.92]"), 12),
        "InvokedProductionVariant": "AllTraffic",
    }
    with mock_aws(), Stubber(classify_image.sagemaker_runtime()) as endpoint:
        card = json.dumps({"labels": ["automobile", "truck"], "temperature": 1.0})
        classify_image.parameters().client.put_parameter(Name="/card", Value=card, Type="String")
        endpoint.add_response("invoke_endpoint", answer)
        classified = classify_image.lambda_handler(event("classify_image"), context)
    assert event("filter_inferences")["class_probabilities"] == classified["class_probabilities"]


def test_filter_inferences_event_passes(context: Any) -> None:
    assert "PASS" == filter_inferences.lambda_handler(event("filter_inferences"), context)["status"]
