"""Describe a staged dataset."""

import pytest

from training.dataset.dataset import Dataset, StagedImage
from training.project.run_file import RunFile, RunFileError, StepNotDoneError
from training.steps.context import Context

STAGED = {
    "bucket": "photos",
    "prefix": "datasets/cars",
    "labels": ["automobile", "truck"],
    "counts": {
        "train": {"automobile": 2, "truck": 1},
        "validation": {},
        "calibration": {},
        "test": {},
    },
    "digest": "sha256:1",
    "recordio": False,
}


@pytest.fixture
def dataset(run_file: RunFile) -> Dataset:
    run_file.begin("stage")
    run_file.done("stage", STAGED)
    return Dataset.of(run_file)


def test_run_without_a_staged_dataset_names_stage(run_file: RunFile) -> None:
    with pytest.raises(StepNotDoneError, match="scones stage"):
        Dataset.of(run_file)


def test_the_size_of_a_split_is_that_of_its_classes(dataset: Dataset) -> None:
    assert 3 == dataset.size("train")


def test_a_channel_has_a_url_that_ends_as_a_folder_does(dataset: Dataset) -> None:
    assert "s3://photos/datasets/cars/train_lst/" == dataset.url("train_lst")


def test_the_images_of_a_split_come_from_its_list(dataset: Dataset, context: Context) -> None:
    context.aws.s3.create_bucket(Bucket="photos")
    lines = "0\t1\ttruck/a b.png\n1\t0\tautomobile/c.png\n"
    context.aws.s3.put_object(
        Bucket="photos", Key="datasets/cars/train_lst/train.lst", Body=lines.encode()
    )
    expected = [
        StagedImage("datasets/cars/train/truck/a b.png", 1),
        StagedImage("datasets/cars/train/automobile/c.png", 0),
    ]
    assert expected == dataset.images(context.aws.s3, "train")


def test_a_result_that_lacks_something_is_a_damaged_run_file(run_file: RunFile) -> None:
    run_file.begin("stage")
    run_file.done("stage", {"bucket": "photos"})
    with pytest.raises(RunFileError, match="no 'prefix'"):
        Dataset.of(run_file)
