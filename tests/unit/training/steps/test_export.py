"""The step as a whole: what it writes is what `stage` reads."""

import argparse
import hashlib
import io
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.parser import DEFAULTS
from tests.unit.training.fake_clients import hooked
from tests.unit.training.reviewed_records import BUCKET, RESULTS, ReviewedService, noise
from training.dataset.class_folders import ImageMissingError
from training.dataset.dataset import SPLITS
from training.dataset.export import DatasetChangedError
from training.dataset.manifest_rows import Columns
from training.dataset.report import read_images
from training.dataset.source import Source
from training.dataset.sources import open_source
from training.dataset.whole_folder import FolderNotWritableError, FolderTakenError
from training.project.run_file import StepNotDoneError
from training.steps import export as step
from training.steps import stage as staging
from training.steps.context import Context

pytestmark = pytest.mark.usefixtures("reads_test_split")

type Words = Callable[..., argparse.Namespace]
type Export = Callable[..., dict[str, Any]]
type Facts = dict[str, tuple[str, str, str]]

PREFIX = "datasets/scones-unlimited/default"
HOSTILE = (
    *("CON", "a:b", "Car", "car", "@home", "__x", "$y", "end.", "<b>", '"quoted"', "a*b?", "a|b"),
    *("nul.txt", "Thumbs.db", "=1+1", "[bold]", "% off", "Straße", "日本", "🚚", "<" * 100),
)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "exports" / "photos"


@pytest.fixture
def words(context: Context, target: Path) -> Words:
    """Parse options as the command line does."""
    target.parent.mkdir()

    def parse(*given: object) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        step.add_arguments(parser)
        parser.set_defaults(**{**DEFAULTS, **context.names.tags, "runs": None})
        return parser.parse_args([str(target), *map(str, given)])

    return parse


@pytest.fixture
def export(context: Context, words: Words) -> Export:
    return lambda *given: step.run(context, words(*given))


@pytest.fixture
def stage(context: Context, stage_options: Words) -> Export:
    return lambda *given: staging.run(context, stage_options(*given))


def photos(folder: Path, classes: tuple[str, ...], each: int = 10) -> Path:
    """Save images of different motifs in a folder for each class."""
    for number in range(each * len(classes)):
        path = folder / classes[number % len(classes)] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(1000 + number))
    return folder


def staged_facts(context: Context) -> Facts:
    """Return the class, split and group of each image of the dataset by its digest."""
    keys = context.aws.s3.get_paginator("list_objects_v2").paginate(Bucket="photos", Prefix=PREFIX)
    found = [one["Key"].split("/")[-3:] for page in keys for one in page["Contents"]]
    groups = {row["image"][-20:]: row["group"] for row in rows(context)}
    return {
        name[:16]: (label, split, groups[name]) for split, label, name in found if split in SPLITS
    }


def rows(context: Context) -> list[dict[str, str]]:
    return read_images(context.run.folder)


def facts_of(source: Source) -> Facts:
    """Return the same of a source, by the digest of what it reads."""
    return {
        hashlib.sha256(image.read()).hexdigest()[:16]: (image.label, image.split, image.group)
        for image in source.images
    }


def read_again(result: dict[str, Any], context: Context) -> Source:
    return open_source(result["manifest"], Columns(), (), context.aws.s3)


def tasks(target: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((target / "tasks.json").read_text(encoding="utf-8"))
    return found


def lines(target: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in (target / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("kind", step.FORMATS)
def test_labels_splits_groups_and_contents_come_back(
    kind: str, tmp_path: Path, context: Context, stage: Export, export: Export
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck"), 20), "--group", r"/(\d)\d\.png")
    staged = staged_facts(context)
    assert any(group for _, _, group in staged.values())
    assert staged == facts_of(read_again(export("--format", kind), context))


@pytest.mark.parametrize("kind", step.FORMATS)
def test_hostile_class_names_come_back(
    kind: str, tmp_path: Path, context: Context, stage: Export, export: Export
) -> None:
    folder = photos(tmp_path / "in", (*HOSTILE, unicodedata.normalize("NFD", "café")), 4)
    classes = (*HOSTILE, "café")
    stage(folder, "--split", "1/4,1/4,1/4,1/4", "--classes", ",".join(classes))
    source = read_again(export("--format", kind), context)
    assert sorted(classes) == sorted(source.classes)
    assert staged_facts(context) == facts_of(source)


def test_folders_of_hostile_classes_are_possible_everywhere(
    tmp_path: Path, stage: Export, export: Export, target: Path, shown: io.StringIO
) -> None:
    stage(
        photos(tmp_path / "in", HOSTILE, 4),
        "--split",
        "1/4,1/4,1/4,1/4",
        "--classes",
        ",".join(HOSTILE),
    )
    export()
    names = [path.name for path in (target / "train").iterdir()]
    assert len(HOSTILE) == len({name.casefold() for name in names})
    assert not [name for name in names if set(name) & set('<>:"|?*') or name[-1] in ". "]
    assert not [name for name in names if name[0] in "@$." or name.startswith("__")]
    assert {"%43ON", "a%3Ab", "Car", "car~2", "end%2E", "Straße"} < set(names)
    assert "Folders that cannot have the names of their classes: " in shown.getvalue()


def test_folders_are_a_source_without_the_manifest_too(
    tmp_path: Path, context: Context, stage: Export, export: Export, target: Path
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    export()
    source = open_source(str(target), Columns(), (), context.aws.s3)
    assert ("manifest.jsonl",) == source.left_alone
    assert staged_facts(context) == facts_of(source)


def test_line_of_ground_truth_is_as_aws_documents_it(
    tmp_path: Path, context: Context, stage: Export, export: Export, target: Path
) -> None:
    result = stage(photos(tmp_path / "in", ("car", "truck")))
    export("--format", "ground-truth")
    line = next(one for one in lines(target, "train.manifest") if one["label"] == 1)
    body = context.aws.s3.get_object(Bucket="photos", Key=f"{PREFIX}/dataset.json")["Body"].read()
    assert line["source-ref"].startswith(f"{result['dataset']}/train/truck/")
    del line["source-ref"]
    assert {
        "label": 1,
        "label-metadata": {
            "class-name": "truck",
            "confidence": 1,
            "human-annotated": "yes",
            "creation-date": json.loads(body)["created_at"][:19] + ".000000",
            "type": "groundtruth/image-classification",
            "job-name": "labeling-job/scones-unlimited-default",
        },
        "split": "train",
        "reason": "source",
    } == line


def test_ground_truth_has_a_manifest_for_each_channel(
    tmp_path: Path, stage: Export, export: Export, target: Path
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    export("--format", "ground-truth")
    channels = [line for split in SPLITS for line in lines(target, f"{split}.manifest")]
    assert channels == lines(target, "dataset.manifest")
    for split in SPLITS:
        assert {split} == {line["split"] for line in lines(target, f"{split}.manifest")}


def test_task_of_label_studio_is_as_its_guide_documents_it(
    tmp_path: Path, stage: Export, export: Export, target: Path
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    export("--format", "label-studio")
    [annotation] = tasks(target)[0]["annotations"]
    [result] = annotation["result"]
    assert "choices" == result["type"]
    assert [tasks(target)[0]["data"]["image"].split("/")[-2]] == result["value"]["choices"]
    configuration = (target / "labeling-config.xml").read_text(encoding="utf-8")
    assert f'<Choices name="{result["from_name"]}" toName="{result["to_name"]}"' in configuration
    assert f'<Image name="{result["to_name"]}" value="$image"/>' in configuration


@pytest.mark.parametrize("kind", step.FORMATS)
def test_no_url_is_signed(kind: str, tmp_path: Path, stage: Export, export: Export) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    text = Path(export("--format", kind)["manifest"]).read_text(encoding="utf-8")
    assert "X-Amz" not in text
    assert "Signature" not in text


def test_result_counts_the_images(
    tmp_path: Path, stage: Export, export: Export, shown: io.StringIO, target: Path
) -> None:
    staged = stage(photos(tmp_path / "in", ("car", "truck")))
    result = export()
    assert staged["counts"] == result["counts"]
    assert {"source": 20, "review": 0, "audit": 0} == result["reasons"]
    sentence = f"20 images (train 14, validation 2, calibration 2, test 2) in {target}"
    assert sentence in shown.getvalue()


@pytest.mark.parametrize("kind", step.FORMATS)
def test_export_only_reads(
    kind: str, tmp_path: Path, context: Context, stage: Export, export: Export
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    methods: set[str] = set()

    def note(params: dict[str, Any], **_: Any) -> None:
        methods.add(params["method"])

    context.aws.s3.meta.events.register("before-call.s3", note)
    try:
        export("--format", kind)
    finally:
        context.aws.s3.meta.events.unregister("before-call.s3", note)
    assert {"GET"} == methods


def test_run_without_a_dataset_is_refused(export: Export, target: Path) -> None:
    with pytest.raises(StepNotDoneError, match="Run `scones stage` first"):
        export()
    assert not target.exists()


def test_folder_with_files_is_refused_and_left_as_it_is(
    tmp_path: Path, stage: Export, export: Export, target: Path
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    export()
    before = sorted(target.rglob("*"))
    with pytest.raises(FolderTakenError, match="Name a new or an empty folder"):
        export()
    assert before == sorted(target.rglob("*"))


def test_empty_folder_is_used(tmp_path: Path, stage: Export, export: Export, target: Path) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    target.mkdir()
    export()
    assert (target / "manifest.jsonl").is_file()


def test_missing_folder_above_is_named(
    tmp_path: Path, stage: Export, export: Export, target: Path
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    target.parent.rmdir()
    with pytest.raises(FolderNotWritableError, match=r"No such file or directory.* folder above"):
        export()


def test_missing_image_is_named_and_nothing_remains(
    tmp_path: Path, context: Context, stage: Export, export: Export, target: Path
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    row = rows(context)[7]
    key = f"{PREFIX}/{row['split']}/{row['image']}"
    context.aws.s3.delete_object(Bucket="photos", Key=key)
    with pytest.raises(ImageMissingError, match=rf"{key} does not exist. Stage again"):
        export()
    assert [] == list(target.parent.iterdir())


def test_interrupted_export_leaves_nothing(
    tmp_path: Path, context: Context, stage: Export, export: Export, target: Path
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    asked: list[str] = []

    def interrupt(params: dict[str, Any], **_: Any) -> None:
        if params["url_path"].endswith(".png"):
            asked.append(params["url_path"])
            if len(asked) > 5:
                raise KeyboardInterrupt

    with hooked(context.aws.s3, GetObject=interrupt), pytest.raises(KeyboardInterrupt):
        export()
    assert [] == list(target.parent.iterdir())


def test_dataset_of_another_staging_is_refused(
    tmp_path: Path, context: Context, stage: Export, export: Export
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    place: Any = {"Bucket": "photos", "Key": f"{PREFIX}/dataset.json"}
    context.aws.s3.put_object(**place, Body=b'{"digest": "sha256:another"}')
    with pytest.raises(DatasetChangedError, match="does not describe the dataset of the run"):
        export()


@pytest.mark.parametrize("content", [None, "split,image,source,reason\n", "split\n"])
def test_run_without_its_list_of_images_is_refused(
    content: str | None, tmp_path: Path, context: Context, stage: Export, export: Export
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    listed = context.run.folder / "images.csv"
    listed.unlink()
    if content is not None:
        listed.write_text(content)
    with pytest.raises(DatasetChangedError, match=r"images\.csv"):
        export()


@pytest.fixture
def export_reviewed(service: ReviewedService, service_context: Context, words: Words) -> Export:
    """Export with the reviews of a deployed service."""
    assert service
    return lambda *given: step.run(service_context, words("--with-reviews", *given))


def by_reviewer(target: Path) -> list[dict[str, Any]]:
    return [task for task in tasks(target) if task["data"]["reason"] != "source"]


def test_answer_of_people_is_the_label_and_never_the_model_s(
    tmp_path: Path, stage: Export, service: ReviewedService, export_reviewed: Export, target: Path
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    url, _ = service.review("a.png", "car")
    export_reviewed("--format", "label-studio")
    [task] = by_reviewer(target)
    assert {"image": url, "split": "train", "reason": "review", "reviewer": "anne"} == task["data"]
    [annotation] = task["annotations"]
    assert ["car"] == annotation["result"][0]["value"]["choices"]
    assert "2030-01-01T00:01:00.000000Z" == annotation["created_at"]


def test_audits_do_not_train_and_are_marked(
    tmp_path: Path, stage: Export, service: ReviewedService, export_reviewed: Export, target: Path
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    for number in range(12):
        service.review(f"{number}.png", drawn=True)
    result = export_reviewed("--format", "ground-truth")
    audits = [line for line in lines(target, "dataset.manifest") if line["reason"] == "audit"]
    assert 12 == len(audits) == result["reasons"]["audit"]
    assert {"calibration", "test"} == {line["split"] for line in audits}


def test_reviewed_images_have_the_splits_of_staging(
    tmp_path: Path,
    stage: Export,
    stage_options: Words,
    service: ReviewedService,
    service_context: Context,
    export_reviewed: Export,
    context: Context,
) -> None:
    folder = photos(tmp_path / "in", ("car", "truck"))
    stage(folder)
    for number in range(20):
        service.review(f"{number}.png", drawn=number % 2 == 0)
    exported = facts_of(read_again(export_reviewed(), context))
    staging.run(service_context, stage_options(folder, "--with-reviews"))
    assert exported == staged_facts(context)


def test_present_answers_replace_staged_ones(
    tmp_path: Path,
    stage_options: Words,
    service: ReviewedService,
    service_context: Context,
    export_reviewed: Export,
    target: Path,
) -> None:
    url, version = service.review("a.png", "car", body=noise(1))
    staging.run(
        service_context,
        stage_options(photos(tmp_path / "in", ("car", "truck")), "--with-reviews"),
    )
    service_context.aws.dynamodb.update_item(
        TableName=RESULTS,
        Key={"image_url": {"S": url}, "version": {"S": version}},
        UpdateExpression="SET review.#class = :truck",
        ExpressionAttributeNames={"#class": "class"},
        ExpressionAttributeValues={":truck": {"S": "truck"}},
    )
    export_reviewed("--format", "label-studio")
    [task] = by_reviewer(target)
    assert ["truck"] == task["annotations"][0]["result"][0]["value"]["choices"]


def test_staged_reviews_are_exported_without_access_to_the_service(
    tmp_path: Path,
    stage_options: Words,
    service: ReviewedService,
    service_context: Context,
    export: Export,
    target: Path,
) -> None:
    service.review("a.png", "car", body=noise(1))
    staging.run(
        service_context,
        stage_options(photos(tmp_path / "in", ("car", "truck")), "--with-reviews"),
    )
    assert {"source": 20, "review": 1, "audit": 0} == export("--format", "label-studio")["reasons"]
    [task] = by_reviewer(target)
    assert task["data"]["image"].startswith(f"s3://photos/{PREFIX}/train/car/")


@pytest.mark.parametrize("kind", ["ground-truth", "label-studio"])
def test_replaced_upload_is_not_named_by_its_url(
    kind: str,
    tmp_path: Path,
    stage: Export,
    service: ReviewedService,
    export_reviewed: Export,
    shown: io.StringIO,
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    url, _ = service.review("a.png")
    service.review("b.png")
    service.upload("a.png", noise(77))
    result = export_reviewed("--format", kind)
    assert url not in Path(result["manifest"]).read_text(encoding="utf-8")
    assert {"older version": 1} == result["left_out"]
    assert "1 left out (older version: 1)" in shown.getvalue()


def test_folders_have_the_reviewed_version(
    tmp_path: Path,
    stage: Export,
    service: ReviewedService,
    export_reviewed: Export,
    context: Context,
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    service.review("a.png", "car", body=noise(1))
    service.upload("a.png", noise(77))
    found = facts_of(read_again(export_reviewed(), context))
    assert ("car", "train", "") == found[hashlib.sha256(noise(1)).hexdigest()[:16]]


def test_images_of_no_class_and_unusable_ones_are_left_out_and_counted(
    tmp_path: Path, stage: Export, service: ReviewedService, export_reviewed: Export
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    service.review("a.png")
    service.review("b.png", verdict="NONE_OF_THESE")
    service.review("c.png", verdict="NOT_USABLE")
    service.review("d.png", "ship")
    expected = {"none of the classes": 1, "not usable": 1, "unknown class": 1}
    assert expected == export_reviewed()["left_out"]


def test_image_of_no_class_joins_the_negative_examples(
    tmp_path: Path, stage: Export, service: ReviewedService, export_reviewed: Export
) -> None:
    others = tmp_path / "others"
    for number in range(20):
        (others / "x").mkdir(parents=True, exist_ok=True)
        (others / "x" / f"{number}.png").write_bytes(noise(5000 + number))
    before = stage(photos(tmp_path / "in", ("car", "truck")), "--other", others)["counts"]
    service.review("b.png", verdict="NONE_OF_THESE")
    assert before["train"]["other"] + 1 == export_reviewed()["counts"]["train"]["other"]


def test_version_that_is_gone_is_counted(
    tmp_path: Path,
    stage: Export,
    service: ReviewedService,
    export_reviewed: Export,
    context: Context,
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    _, version = service.review("a.png")
    service.review("b.png")
    context.aws.s3.delete_object(Bucket=BUCKET, Key="uploads/a.png", VersionId=version)
    assert {"ImageVersionGoneError": 1} == export_reviewed()["left_out"]


def test_review_without_a_time_is_left_out_and_counted(
    tmp_path: Path, stage: Export, service: ReviewedService, export_reviewed: Export
) -> None:
    stage(photos(tmp_path / "in", ("car", "truck")))
    url, version = service.review("a.png")
    service.review("b.png")
    service.context.aws.dynamodb.update_item(
        TableName=RESULTS,
        Key={"image_url": {"S": url}, "version": {"S": version}},
        UpdateExpression="SET review.reviewed_at = :when",
        ExpressionAttributeValues={":when": {"S": "yesterday"}},
    )
    assert {"review without a time": 1} == export_reviewed()["left_out"]
