"""The step with the reviews of the deployed service."""

import argparse
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.training.fake_clients import hooked
from tests.unit.training.reviewed_records import BUCKET, ReviewedService, ServiceStack, noise
from training.dataset.dataset import SPLITS
from training.service.reviews import NoReviewsError
from training.steps import stage as step
from training.steps.context import Context

pytestmark = pytest.mark.usefixtures("reads_test_split", "service")

PLACE = "datasets/scones-unlimited/default/"
type Stage = Callable[..., dict[str, Any]]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with 20 images of each of two classes, with different motifs."""
    for number in range(40):
        path = tmp_path / "photos" / ("car", "truck")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(1000 + number))
    return tmp_path / "photos"


@pytest.fixture
def stage(
    photos: Path,
    service_context: Context,
    stage_options: Callable[..., argparse.Namespace],
) -> Stage:
    def stage(*words: object) -> dict[str, Any]:
        return step.run(service_context, stage_options(photos, "--with-reviews", *words))

    return stage


def listed(context: Context) -> dict[str, dict[str, str]]:
    """Return the rows of images.csv by the path of their source."""
    with (context.run.folder / "images.csv").open(encoding="utf-8", newline="") as file:
        return {row["source"]: row for row in csv.DictReader(file)}


def path_of(key: tuple[str, str]) -> str:
    return "{}?versionId={}".format(*key)


def test_uncertain_image_trains_with_the_class_that_people_gave(
    stage: Stage, service: ReviewedService, context: Context
) -> None:
    key = service.review("a.png", "car")
    result = stage()
    row = listed(context)[path_of(key)]
    assert "train" == row["split"]
    assert row["image"].startswith("car/")
    assert "review" == row["reason"]
    assert {"review": 1, "audit": 0} == result["reviews"]["splits"]["train"]


def test_audits_calibrate_and_test(
    stage: Stage, service: ReviewedService, context: Context
) -> None:
    keys = [service.review(f"{number}.png", drawn=True) for number in range(12)]
    stage()
    rows = [listed(context)[path_of(key)] for key in keys]
    assert {"calibration", "test"} == {row["split"] for row in rows}
    assert {"audit"} == {row["reason"] for row in rows}


def test_accepted_audit_does_not_train_either(
    stage: Stage, service: ReviewedService, context: Context
) -> None:
    key = service.review("a.png", drawn=True, outcome={"S": "ACCEPTED"})
    stage()
    assert listed(context)[path_of(key)]["split"] in ("calibration", "test")


def test_images_of_the_source_stay_in_their_splits(
    photos: Path,
    stage: Stage,
    service: ReviewedService,
    context: Context,
    stage_options: Callable[..., argparse.Namespace],
) -> None:
    step.run(context, stage_options(photos))
    before = {path: row["split"] for path, row in listed(context).items()}
    for number in range(10):
        service.review(f"{number}.png", drawn=number % 2 == 0)
    stage()
    after = listed(context)
    assert before == {path: after[path]["split"] for path in before}


def test_next_round_leaves_every_reviewed_image_in_its_split(
    stage: Stage, service: ReviewedService, context: Context
) -> None:
    keys = [service.review(f"{number}.png", drawn=number % 2 == 0) for number in range(10)]
    stage()
    before = {path_of(key): listed(context)[path_of(key)]["split"] for key in keys}
    for number in range(10, 20):
        service.review(f"{number}.png", drawn=number % 2 == 0)
    stage()
    assert before == {path: listed(context)[path]["split"] for path in before}


def test_reviewed_version_is_read_not_the_newest_one(
    stage: Stage, service: ReviewedService, context: Context
) -> None:
    first = service.review("a.png", "car", body=noise(1))
    service.upload("a.png", noise(2))
    stage()
    image = listed(context)[path_of(first)]["image"]
    stored = context.aws.s3.get_object(Bucket="photos", Key=f"{PLACE}train/{image}")
    assert noise(1) == stored["Body"].read()


def test_image_of_a_bucket_without_versions_is_read_by_its_content(
    stage: Stage, service: ReviewedService, service_stack: ServiceStack, context: Context
) -> None:
    service_stack.images = "plain"
    context.aws.s3.create_bucket(Bucket="plain")
    stored = context.aws.s3.put_object(Bucket="plain", Key="uploads/a.png", Body=noise(77))
    etag = stored["ETag"].strip('"')
    names: Any = {"image_url": {"S": "s3://plain/uploads/a.png"}, "version": {"S": etag}}
    service.review("other.png", **names)
    service.review("b.png")
    answer = {"image_url": names["image_url"], "answer": {"S": f"{etag}#1"}}
    context.aws.dynamodb.put_item(TableName="reviews", Item={**answer, "version": {"S": etag}})
    stage()
    assert f"s3://plain/uploads/a.png?versionId={etag}" in listed(context)


def test_version_that_is_gone_is_skipped_by_name_and_counted(
    stage: Stage, service: ReviewedService, context: Context, shown: io.StringIO
) -> None:
    url, version = service.review("a.png")
    service.review("b.png")
    context.aws.s3.delete_object(Bucket=BUCKET, Key="uploads/a.png", VersionId=version)
    result = stage()
    assert [f"{url} has no version {version} any more."] == [
        one["cause"] for one in result["unreadable"]
    ]
    assert "1 unreadable (ImageVersionGoneError: 1)" in shown.getvalue()


def test_version_that_may_not_be_read_stops_the_step(
    stage: Stage, service: ReviewedService, context: Context
) -> None:
    service.review("a.png")

    def refuse(params: dict[str, Any], **_: Any) -> None:
        if "versionId" in params["query_string"]:
            refusal: Any = {"Error": {"Code": "AccessDenied", "Message": "no"}}
            raise ClientError(refusal, "GetObject")

    with hooked(context.aws.s3, GetObject=refuse), pytest.raises(ClientError, match="AccessDenied"):
        stage()


def test_every_uncertain_image_is_listed_in_the_description(
    stage: Stage, service: ReviewedService, context: Context
) -> None:
    service.review("a.png", "car")
    service.review("b.png", drawn=True)
    stage()
    body = context.aws.s3.get_object(Bucket="photos", Key=f"{PLACE}dataset.json")["Body"].read()
    reviewed = json.loads(body)["reviewed"]
    rows = [row for row in listed(context).values() if row["reason"] != "source"]
    assert {"review", "audit"} == {row["reason"] for row in rows}
    for row in rows:
        assert [f"{row['split']}/{row['image']}"] == reviewed[row["reason"]]


def test_image_of_no_class_is_a_negative_example(
    stage: Stage, service: ReviewedService, context: Context, tmp_path: Path
) -> None:
    for number in range(20):
        path = tmp_path / "others" / "cat" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(2000 + number))
    key = service.review("a.png", verdict="NONE_OF_THESE", drawn=True)
    stage("--other", tmp_path / "others")
    row = listed(context)[path_of(key)]
    assert row["image"].startswith("other/")
    assert row["split"] in ("calibration", "test")


def test_audits_of_no_class_are_the_first_sentence(
    stage: Stage, service: ReviewedService, shown: io.StringIO
) -> None:
    service.review("a.png", verdict="NONE_OF_THESE", drawn=True)
    service.review("b.png", "van")
    service.review("c.png", "car")
    stage()
    said = [line for line in shown.getvalue().splitlines() if "Left out" in line]
    assert said[0].startswith("Left out: 1 audit of none of the classes")
    assert "Left out: 1 review, labelled van, which is not a class of the dataset (1)." in said


def test_every_split_has_every_class_without_any_review_of_it(
    stage: Stage, service: ReviewedService
) -> None:
    service.review("a.png")
    assert {*SPLITS} == {*stage()["counts"]}


def test_staging_again_uploads_nothing(stage: Stage, service: ReviewedService) -> None:
    for number in range(6):
        service.review(f"{number}.png", drawn=number % 2 == 0)
    stage()
    again = stage()
    assert 0 == again["uploaded"]
    assert 0 == again["deleted"]


def test_service_without_reviews_leaves_nothing_half_made(stage: Stage, context: Context) -> None:
    with pytest.raises(NoReviewsError):
        stage()
    assert "Contents" not in context.aws.s3.list_objects_v2(Bucket="photos")


def test_stack_of_another_name_is_asked_for(
    stage: Stage, service: ReviewedService, service_stack: ServiceStack
) -> None:
    service.review("a.png")
    stage("--stack", "gate")
    assert ["gate"] == service_stack.asked


def test_staging_without_the_option_asks_for_no_service(
    photos: Path, context: Context, stage_options: Callable[..., argparse.Namespace]
) -> None:
    assert step.run(context, stage_options(photos))["reviews"] is None
