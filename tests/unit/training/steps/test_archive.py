"""`archive`: everything of a model under one prefix, and the manifest that proves it whole."""

import hashlib
import json
from argparse import Namespace
from typing import Any

import pytest

from training.dataset.dataset import SPLITS, OtherDatasetError
from training.models.model_card import write_model_card
from training.project.run_file import StepNotDoneError
from training.steps import archive
from training.steps.archive import ArchiveSourceMissingError
from training.steps.context import Context

pytestmark = pytest.mark.usefixtures("reads_test_split")

PREFIX = "archive/default-job-1"
OF_THE_DATASET = {
    f"dataset/{name}"
    for name in ("dataset.json", "labels.json", *(f"{split}.lst" for split in SPLITS))
}
ALWAYS = {"model.tar.gz", "hyperparameters.json", "run.json"} | OF_THE_DATASET


@pytest.fixture
def trained(context: Context) -> Context:
    """The context of a run that is staged and trained."""
    s3, run = context.aws.s3, context.run
    s3.create_bucket(Bucket="photos")
    s3.put_object(Bucket="photos", Key="models/job-1/output/model.tar.gz", Body=b"model")
    for name in ("dataset.json", "labels.json", *(f"{split}_lst/{split}.lst" for split in SPLITS)):
        s3.put_object(Bucket="photos", Key=f"datasets/default/{name}", Body=name.encode())
    run.begin("stage")
    staged = {
        "bucket": "photos",
        "prefix": "datasets/default",
        "labels": ["a", "b"],
        "counts": COUNTS,
    }
    run.done("stage", staged | {"digest": "sha256:data", "recordio": False})
    run.begin("train")
    model = "s3://photos/models/job-1/output/model.tar.gz"
    run.done("train", {"training_job": "job-1", "model_data": model} | TRAINED)
    return context


COUNTS = {split: {"a": 1, "b": 1} for split in SPLITS}
TRAINED = {"hyperparameters": {"epochs": "10"}, "dataset_digest": "sha256:data"}


def deployed_and_evaluated(context: Context, measured: str) -> None:
    run, folder = context.run, context.run.folder
    write_model_card(
        context.aws.ssm, context.names, {"training_job": "job-1", "model_digest": "sha256:model"}
    )
    (folder / "metrics.json").write_text(json.dumps({"model": measured}))
    (folder / "report.html").write_text("<html>")
    run.begin("evaluate")
    run.done(
        "evaluate",
        {"metrics_file": str(folder / "metrics.json"), "report": str(folder / "report.html")},
    )


def put(context: Context, to: str | None = None) -> dict[str, Any]:
    return archive.run(context, Namespace(to=to))


def content(context: Context, name: str) -> bytes:
    return context.aws.s3.get_object(Bucket="photos", Key=f"{PREFIX}/{name}")["Body"].read()


def test_a_run_that_was_only_trained_is_archived_with_its_data_record(trained: Context) -> None:
    assert ALWAYS == put(trained)["files"].keys()


def test_every_file_is_in_s3_as_the_manifest_says(trained: Context) -> None:
    put(trained)
    manifest = json.loads(content(trained, "manifest.json"))
    assert "job-1" == manifest["training_job"]
    assert "default" == manifest["run"]
    for name, file in manifest["files"].items():
        assert file == {
            "bytes": len(body := content(trained, name)),
            "sha256": hashlib.sha256(body).hexdigest(),
        }


def test_list_of_training_images_is_archived(trained: Context) -> None:
    trained.aws.s3.put_object(
        Bucket="photos", Key="models/job-1/output/model_quality.json", Body=b'{"learned": []}'
    )
    trained.run.done("train", trained.run.result("train") | {"model_package": {"version": 1}})
    assert ALWAYS | {"model_quality.json"} == put(trained)["files"].keys()


def test_card_and_metrics_of_the_model_are_archived_with_it(trained: Context) -> None:
    deployed_and_evaluated(trained, measured="sha256:model")
    assert (
        ALWAYS | {"model_card.json", "metrics.json", "report.html"} == put(trained)["files"].keys()
    )


def test_metrics_of_an_earlier_model_are_left_out(trained: Context) -> None:
    deployed_and_evaluated(trained, measured="sha256:earlier")
    assert ALWAYS | {"model_card.json"} == put(trained)["files"].keys()


def test_the_archive_can_be_made_again(trained: Context) -> None:
    first = put(trained)["files"]["model.tar.gz"]
    assert first == put(trained)["files"]["model.tar.gz"]


def test_the_archive_may_lie_in_another_bucket(trained: Context) -> None:
    trained.aws.s3.create_bucket(Bucket="vault")
    assert "s3://vault/models/default-job-1/" == put(trained, "s3://vault/models")["archive"]


def test_missing_model_is_an_error_and_leaves_no_manifest(trained: Context) -> None:
    trained.aws.s3.delete_object(Bucket="photos", Key="models/job-1/output/model.tar.gz")
    with pytest.raises(ArchiveSourceMissingError, match=r"models/job-1/output/model\.tar\.gz"):
        put(trained)
    assert 0 == trained.aws.s3.list_objects_v2(Bucket="photos", Prefix=f"{PREFIX}/")["KeyCount"]


def test_a_bucket_that_is_not_there_is_told(trained: Context) -> None:
    with pytest.raises(ArchiveSourceMissingError, match="s3://nowhere"):
        put(trained, "s3://nowhere/models")


def test_missing_report_is_an_error(trained: Context) -> None:
    deployed_and_evaluated(trained, measured="sha256:model")
    (trained.run.folder / "report.html").unlink()
    with pytest.raises(ArchiveSourceMissingError, match=r"report\.html.*scones evaluate"):
        put(trained)


def test_a_run_without_a_model_is_sent_to_train(trained: Context) -> None:
    trained.run.forget("train")
    with pytest.raises(StepNotDoneError, match="scones train"):
        put(trained)


def test_a_model_is_not_archived_with_another_dataset_than_its_own(trained: Context) -> None:
    trained.run.done("stage", trained.run.result("stage") | {"digest": "sha256:other"})
    with pytest.raises(OtherDatasetError, match="Train again"):
        put(trained)
