"""The step, against S3, SSM and CloudWatch in memory, on what an endpoint has captured."""

import argparse
import base64
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from training.dataset import Dataset, LabelledKey
from training.endpoint import Answer
from training.monitor import step
from training.monitor.errors import DriftError, ReferenceMissingError, TooFewImagesError
from training.monitor.metric import METRIC
from training.monitor.reference import write_reference
from training.step import Context

CARD = {"labels": ["car", "truck"], "temperature": 1.0, "model_digest": "sha256:1"}
BUCKET = "photos"
OPTIONS = argparse.Namespace(days=7, images=500, stack=None)
IMAGES = 100


class FakeSageMaker:
    """Knows one endpoint, whose requests are captured."""

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        return {"DataCaptureConfig": {"DestinationS3Uri": f"s3://{BUCKET}/captured"}}


class FakeCloudFormation:
    """Knows no stack: the service is not deployed yet."""

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")


class FakeCloudWatch:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def put_metric_data(self, **request: Any) -> None:
        self.told.append(request)


def picture(number: int, light: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (8, 8), light + number % 50).save(file, "PNG")
    return file.getvalue()


def answer(number: int) -> tuple[float, float]:
    return (0.9, 0.1) if number % 2 else (0.2, 0.8)


@pytest.fixture
def watched(context: Context) -> Context:
    """An endpoint with a model card and a dataset, and nothing captured."""
    context.aws.s3.create_bucket(Bucket=BUCKET)
    fakes = {"sagemaker": FakeSageMaker(), "cloudformation": FakeCloudFormation(), "cloudwatch": FakeCloudWatch()}
    context.aws.__dict__.update(fakes)
    parameter = {"Name": context.names.model_card, "Value": json.dumps(CARD), "Type": "String"}
    context.aws.ssm.put_parameter(**parameter)  # type: ignore[arg-type]
    counts = {split: {"car": 50, "truck": 50} for split in ("train", "validation", "test")}
    staged = {"bucket": BUCKET, "prefix": "d", "labels": CARD["labels"], "counts": counts, "digest": "sha256:2"}
    context.run.begin("stage")
    context.run.done("stage", {**staged, "recordio": False})
    return context


def refer(context: Context) -> str:
    answers = []
    for number in range(IMAGES):
        key = f"d/test/{number}.png"
        context.aws.s3.put_object(Bucket=BUCKET, Key=key, Body=picture(number, 100))
        answers.append(Answer(LabelledKey(key, 0), answer(number), 1.0, "AllTraffic"))
    return write_reference(context, Dataset.of(context.run), CARD, answers)


def capture(context: Context, light: int) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=1)
    lines = []
    for number in range(IMAGES):
        data = {
            "endpointInput": {"data": base64.b64encode(picture(number, light)).decode(), "encoding": "BASE64"},
            "endpointOutput": {"data": json.dumps(answer(number)), "encoding": "JSON"},
        }
        lines.append(json.dumps({"captureData": data, "eventMetadata": {"inferenceTime": moment.isoformat()}}))
    key = f"captured/{context.names.endpoint}/AllTraffic/2030/01/01/00/a.jsonl"
    context.aws.s3.put_object(Bucket=BUCKET, Key=key, Body="\n".join([*lines, "cut off"]).encode())


def test_monitor_without_drift_says_so_in_report_and_metric(watched: Context) -> None:
    refer(watched)
    capture(watched, light=100)
    result = step.run(watched, OPTIONS)
    assert ([], IMAGES) == (result["drifted"], result["captured"])
    assert "No drift was found." in Path(result["report"]).read_text()
    assert isinstance(watched.aws.cloudwatch, FakeCloudWatch)
    [told] = watched.aws.cloudwatch.told
    assert (METRIC, 0.0) == (told["MetricData"][0]["MetricName"], told["MetricData"][0]["Value"])


def test_monitor_of_dark_images_fails_once_everything_is_written(watched: Context) -> None:
    refer(watched)
    capture(watched, light=20)
    with pytest.raises(DriftError, match="brightness"):
        step.run(watched, OPTIONS)
    assert ["brightness"] == watched.run.result("monitor")["drifted"]


def test_monitor_without_a_reference_says_what_makes_one(watched: Context) -> None:
    with pytest.raises(ReferenceMissingError, match="training evaluate"):
        step.run(watched, OPTIONS)


def test_monitor_of_nothing_says_what_there_is(watched: Context) -> None:
    refer(watched)
    with pytest.raises(TooFewImagesError, match=r"0 records .* 0 captured"):
        step.run(watched, OPTIONS)


def test_reference_that_is_the_same_stays_as_old_as_it_is(watched: Context) -> None:
    key = refer(watched).removeprefix(f"s3://{BUCKET}/")
    before = watched.aws.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"]
    refer(watched)
    assert before == watched.aws.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"]
