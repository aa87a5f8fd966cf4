"""Run `monitor` on captured data with S3, SSM and CloudWatch in memory."""

import argparse
import base64
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.unit.training.fake_clients import with_fakes
from tests.unit.training.results_records import Record
from training.dataset.answer import Answer
from training.dataset.dataset import Dataset, StagedImage
from training.endpoint.invocation import OWN_REQUEST
from training.models.served_model import ModelCardMissingError
from training.service.captured import PHOTOS
from training.service.errors import (
    DriftError,
    ReferenceMissingError,
    SmallReferenceError,
    TooFewRecentImagesError,
)
from training.service.metric import METRIC
from training.service.reference import read_reference, write_reference
from training.steps import monitor as step
from training.steps.context import Context

CARD: dict[str, Any] = {"labels": ["car", "truck"], "temperature": 1.0, "model_digest": "sha256:1"}
BUCKET = "photos"
OPTIONS = argparse.Namespace(days=7, images=500, stack=None)
IMAGES = 60


class FakeSageMaker:
    """Knows one endpoint, whose requests are captured."""

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        capture = {"DestinationS3Uri": f"s3://{BUCKET}/captured"}
        return {"DataCaptureConfig": capture, "ProductionVariants": [{"VariantName": "AllTraffic"}]}


class FakeCloudWatch:
    """Record all requests."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def put_metric_data(self, **request: Any) -> None:
        self.requests.append(request)


@cache
def picture(number: int, light: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (8, 8), light + number % 50).save(file, "PNG")
    return file.getvalue()


def answer(number: int) -> tuple[float, float]:
    return (0.9, 0.1) if number % 2 else (0.2, 0.8)


@pytest.fixture
def watched(account_context: Context) -> Context:
    """An endpoint with a model card and a dataset, and nothing captured."""
    account_context.aws.s3.create_bucket(Bucket=BUCKET)
    put_card(account_context, json.dumps(CARD))
    counts = {split: {"car": 50, "truck": 50} for split in ("train", "validation", "test")}
    staged = {
        "bucket": BUCKET,
        "prefix": "d",
        "labels": CARD["labels"],
        "counts": counts,
        "digest": "sha256:2",
    }
    account_context.run.begin("stage")
    account_context.run.done("stage", {**staged, "recordio": False})
    return with_fakes(account_context, sagemaker=FakeSageMaker(), cloudwatch=FakeCloudWatch())


def put_card(context: Context, text: str) -> None:
    context.aws.ssm.put_parameter(
        Name=context.names.model_card, Value=text, Type="String", Overwrite=True
    )


def refer(context: Context, images: int = IMAGES) -> str:
    answers = []
    for number in range(images):
        key = f"d/held-out/{number}.png"
        context.aws.s3.put_object(Bucket=BUCKET, Key=key, Body=picture(number, 100))
        answers.append(Answer(StagedImage(key, 0), answer(number), 1.0, "AllTraffic"))
    return write_reference(context.aws.s3, Dataset.of(context.run), CARD, answers)


def capture(
    context: Context, light: int, images: int = IMAGES, minutes: int = 1, **changed: str
) -> None:
    """Have the endpoint capture requests, some minutes from now."""
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    lines = []
    for number in range(images):
        data = {
            "endpointInput": {
                "data": base64.b64encode(picture(number, light)).decode(),
                "encoding": "BASE64",
            },
            "endpointOutput": {"data": json.dumps(answer(number)), "encoding": "JSON"},
        }
        metadata = {"inferenceTime": moment.isoformat(), **changed}
        lines.append(json.dumps({"captureData": data, "eventMetadata": metadata}))
    key = f"captured/{context.names.endpoint}/AllTraffic/2030/01/01/00/{minutes}.jsonl"
    context.aws.s3.put_object(Bucket=BUCKET, Key=key, Body="\n".join([*lines, "cut off"]).encode())


def decide(record: Record, threshold: float) -> None:
    """Record decisions as those on the held-out images."""
    for number in range(IMAGES):
        record(CARD["labels"][1 - number % 2], max(answer(number)), threshold)


def test_monitor_without_drift_says_so_in_report_and_metric(watched: Context) -> None:
    refer(watched)
    capture(watched, light=100)
    result = step.run(watched, OPTIONS)
    assert [] == result["drifted"]
    assert IMAGES == result["captured"]
    assert "<h1>No drift</h1>" in Path(result["report"]).read_text()
    cloudwatch: Any = watched.aws.cloudwatch
    [request] = cloudwatch.requests
    assert METRIC == request["MetricData"][0]["MetricName"]
    assert 0.0 == request["MetricData"][0]["Value"]


def test_monitor_of_dark_images_fails_once_everything_is_written(watched: Context) -> None:
    refer(watched)
    capture(watched, light=20)
    with pytest.raises(DriftError, match="brightness") as drift:
        step.run(watched, OPTIONS)
    assert ["brightness"] == watched.run.result("monitor")["drifted"]
    assert 3 == drift.value.status
    assert watched.run.result("monitor") == drift.value.data


def test_monitor_finds_dark_images_whatever_the_tool_has_asked_since(watched: Context) -> None:
    refer(watched)
    capture(watched, light=20)
    capture(watched, light=100, images=500, minutes=2, inferenceId=f"{OWN_REQUEST}1")
    assert ["brightness"] == [one.name for one in step.measure(watched, OPTIONS).drifted]


def test_report_shows_recent_images_beside_calibration_images(watched: Context) -> None:
    refer(watched)
    capture(watched, light=100)
    staged = watched.run.result("stage")
    counts = {**staged["counts"], "calibration": {"car": 2, "truck": 0}}
    watched.run.begin("stage")
    watched.run.done("stage", {**staged, "counts": counts})
    rows = "".join(f"{number}\t0\t{number}.png\n" for number in range(2))
    s3 = watched.aws.s3
    s3.put_object(Bucket=BUCKET, Key="d/calibration_lst/calibration.lst", Body=rows.encode())
    for number in range(2):
        s3.put_object(Bucket=BUCKET, Key=f"d/calibration/{number}.png", Body=picture(number, 100))

    page = Path(step.run(watched, OPTIONS)["report"]).read_text()

    recent, held_out = page.split("<h3>Held-out</h3>")
    assert PHOTOS == recent.count("<img")
    assert 2 == held_out.count("<img")


def test_report_without_a_dataset_shows_recent_images_only(watched: Context) -> None:
    refer(watched)
    capture(watched, light=100)
    staged = watched.run.result("stage")
    watched.run.begin("stage")
    watched.run.done("stage", {**staged, "counts": {"calibration": {"car": 2}}})
    page = Path(step.run(watched, OPTIONS)["report"]).read_text()
    assert PHOTOS == page.count("<img")
    assert "Held-out</h3>" not in page


def test_monitor_with_too_few_images_says_that_they_were_not_compared(
    record: Record, watched: Context, shown: io.StringIO
) -> None:
    refer(watched)
    decide(record, threshold=0.85)
    capture(watched, light=20, images=12)
    result = step.run(watched, OPTIONS)
    said, page = (
        "Images: not compared (12 captured, 50 needed).",
        Path(result["report"]).read_text(),
    )
    assert "No drift in the decisions; images were not compared" in page
    assert said in page
    assert said in shown.getvalue()
    assert "--capture" not in shown.getvalue()


def test_monitor_after_a_change_of_the_threshold_holds_all_decisions_to_the_same(
    record: Record, watched: Context
) -> None:
    refer(watched)
    decide(record, threshold=0.95)
    decide(record, threshold=0.85)
    found = step.measure(watched, OPTIONS)
    assert [] == found.drifted
    assert {"reference": 1.0, "recent": 1.0} == found.review_share


@pytest.mark.parametrize("card", ["no JSON", "[]", "{}", json.dumps(CARD | {"labels": None})[:-1]])
def test_monitor_of_a_damaged_model_card_says_what_writes_it(watched: Context, card: str) -> None:
    put_card(watched, card)
    with pytest.raises(ModelCardMissingError, match="scones deploy"):
        step.run(watched, OPTIONS)


def test_monitor_with_a_small_reference_says_what_makes_a_larger_one(watched: Context) -> None:
    refer(watched, images=49)
    capture(watched, light=100)
    with pytest.raises(SmallReferenceError, match="more test images"):
        step.run(watched, OPTIONS)


def test_reference_has_no_negative_examples(watched: Context) -> None:
    labels = [*CARD["labels"], "other"]
    dataset = replace(Dataset.of(watched.run), labels=tuple(labels))
    answers = []
    for number, label in enumerate((0, 1, 2)):
        watched.aws.s3.put_object(
            Bucket=BUCKET, Key=f"d/held-out/{number}.png", Body=picture(number, 100)
        )
        answers.append(
            Answer(
                StagedImage(f"d/held-out/{number}.png", label), (0.1, 0.1, 0.8), 1.0, "AllTraffic"
            )
        )
    url = write_reference(
        watched.aws.s3, dataset, CARD | {"labels": labels, "other_class": "other"}, answers
    )
    reference, _ = read_reference(watched.aws.s3, url)
    assert ["other"] * 2 == reference.decisions.classes
    assert 2 == len(reference.statistics["brightness"])


def test_monitor_without_a_reference_says_what_makes_one(watched: Context) -> None:
    with pytest.raises(ReferenceMissingError, match="scones evaluate"):
        step.run(watched, OPTIONS)


def test_monitor_of_nothing_says_what_there_is(watched: Context) -> None:
    refer(watched)
    with pytest.raises(TooFewRecentImagesError, match=r"0 records .* 0 captured"):
        step.run(watched, OPTIONS)


def test_reference_that_is_the_same_stays_as_old_as_it_is(watched: Context) -> None:
    key = refer(watched).removeprefix(f"s3://{BUCKET}/")
    before = watched.aws.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"]
    refer(watched)
    assert before == watched.aws.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"]
