"""The step as a whole."""

import argparse
import csv
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.stub import Stubber
from PIL import Image

from tests.unit.training.fake_clients import hooked
from training.dataset.dataset import SPLITS, Dataset, TooFewClassesError, TooFewImagesError
from training.dataset.report import read_sources
from training.dataset.source import OtherClassTakenError, SourceNotReadableError
from training.dataset.upload import PlaceTakenError
from training.models.class_list import MAX_CLASSES, ModelCardTooLargeError
from training.project.bucket import BucketNotUsableError
from training.project.run_file import StepNotDoneError
from training.steps import stage as step
from training.steps.context import Context

pytestmark = pytest.mark.usefixtures("reads_test_split")

type Parse = Callable[..., argparse.Namespace]


@pytest.fixture
def stage(context: Context, stage_options: Parse) -> Callable[..., dict[str, Any]]:
    def stage(*words: object) -> dict[str, Any]:
        return step.run(context, stage_options(*words))

    return stage


type Stage = Callable[..., dict[str, Any]]


def listed(context: Context) -> set[str]:
    found = context.aws.s3.list_objects_v2(Bucket="photos").get("Contents", [])
    return {item["Key"].removeprefix("datasets/scones-unlimited/default/") for item in found}


def rows(context: Context, name: str) -> list[dict[str, str]]:
    with (context.run.folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_becomes_a_dataset(source_folder: Path, stage: Stage, context: Context) -> None:
    result = stage(source_folder)
    each = {"train": 7, "validation": 1, "calibration": 1, "test": 1}
    assert {split: {"car": count, "truck": count} for split, count in each.items()} == result[
        "counts"
    ]
    assert {
        "labels.json",
        "dataset.json",
        *(f"{split}_lst/{split}.lst" for split in SPLITS),
    } < listed(context)


def test_the_steps_that_follow_find_the_dataset(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    stage(source_folder)
    dataset = Dataset.of(context.run)
    keys = {
        image.key.removeprefix("datasets/scones-unlimited/default/")
        for image in dataset.images(context.aws.s3, "train")
    }
    assert 14 == len(keys)
    assert dataset.size("train") == len(keys & listed(context))


def test_the_description_agrees_with_the_result(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    result = stage(source_folder, "--seed", 3)
    body = context.aws.s3.get_object(
        Bucket="photos", Key="datasets/scones-unlimited/default/dataset.json"
    )["Body"].read()
    same = ("labels", "counts", "digest", "seed", "recordio")
    assert {name: result[name] for name in same}.items() <= json.loads(body).items()


def test_the_same_images_elsewhere_in_another_order_are_the_same_dataset(
    source_folder: Path, stage: Stage, tmp_path: Path
) -> None:
    digest = stage(source_folder)["digest"]
    for number, path in enumerate(sorted(source_folder.rglob("*.png"), reverse=True)):
        other = tmp_path / "other" / path.parent.name / f"{number:03}.png"
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_bytes(path.read_bytes())
    again = stage(tmp_path / "other")
    assert digest == again["digest"]
    assert 0 == again["uploaded"]


def test_entries_that_are_left_alone_are_shown(
    source_folder: Path, stage: Stage, shown: io.StringIO
) -> None:
    (source_folder / "car/Thumbs.db").touch()
    (source_folder / "ship ").mkdir()
    stage(source_folder)
    assert "Ignored: ship / (not a class name), car/Thumbs.db" in shown.getvalue()


def test_classes_that_differ_by_case_alone_are_shown(
    source_folder: Path, stage: Stage, shown: io.StringIO, picture: Callable[..., bytes]
) -> None:
    for number in range(10):
        path = source_folder / "Car" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture(100 + number))
    stage(source_folder)
    assert "Classes that differ by case alone: Car, car." in shown.getvalue()


def test_names_that_are_not_utf_8_end_in_a_dataset(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    folder = source_folder.rename(source_folder.with_name("caf\udce9"))
    (folder / "car/0.png").rename(folder / "car/0\udcff.png")
    (folder / "car/bad\udcff.png").touch()
    (folder / "t\udce9l").mkdir()
    stage(folder)
    assert [f"{folder}/car/bad\\udcff.png".replace("\udce9", "\\udce9")] == [
        row["path"] for row in rows(context, "unreadable.csv")
    ]
    body = context.aws.s3.get_object(
        Bucket="photos", Key="datasets/scones-unlimited/default/dataset.json"
    )["Body"].read()
    assert str(folder) == json.loads(body)["source"]


def test_too_many_classes_are_refused_before_anything_is_read(
    tmp_path: Path, stage: Stage, context: Context
) -> None:
    for number in range(MAX_CLASSES + 1):
        path = tmp_path / "many" / f"class number {number}" / "a.png"
        path.parent.mkdir(parents=True)
        path.touch()
    with pytest.raises(ModelCardTooLargeError, match="There are 2,622 classes"):
        stage(tmp_path / "many")
    assert set() == listed(context)


def save_twice(folder: Path) -> None:
    """Save 20 photos of noise for each class, each also in another quality and size."""
    for number in range(40):
        path = folder / ("car", "truck")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        photo = Image.fromarray(noise).resize((64, 64), Image.Resampling.BICUBIC)
        photo.save(path)
        photo.resize((96, 96)).save(path.with_suffix(".jpg"), quality=70)


def motifs_by_split(context: Context) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {split: set() for split in SPLITS}
    for row in rows(context, "images.csv"):
        found[row["split"]].add(Path(row["source"]).stem)
    return found


def test_near_duplicates_are_in_one_split(
    tmp_path: Path, stage: Stage, context: Context, shown: io.StringIO
) -> None:
    save_twice(tmp_path / "photos")
    result = stage(tmp_path / "photos")
    assert 40 == sum(map(len, motifs_by_split(context).values()))
    assert {"train": 28, "validation": 4, "calibration": 4, "test": 4} == result["groups"]
    assert "stay together: train 28, validation 4, calibration 4, test 4" in shown.getvalue()


def test_motifs_can_be_ignored(tmp_path: Path, stage: Stage, context: Context) -> None:
    save_twice(tmp_path / "photos")
    stage(tmp_path / "photos", "--ignore-motifs")
    assert sum(map(len, motifs_by_split(context).values())) > 40


def test_paths_with_one_match_of_the_pattern_are_in_one_split(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    for path in source_folder.rglob("*.png"):
        path.rename(path.with_name(f"v{int(path.stem) // 4}-{path.name}"))
    stage(source_folder, "--group", r"/v(\d)-")
    vehicles = [
        {Path(row["source"]).name[:2] for row in rows(context, "images.csv") if row["split"] == one}
        for one in SPLITS
    ]
    assert 5 == sum(map(len, vehicles))


@pytest.fixture
def uneven_folder(source_folder: Path, picture: Callable[..., bytes]) -> Path:
    """A folder with 100 images of a class and 10 of another one."""
    for number in range(90):
        (source_folder / "car" / f"more-{number}.png").write_bytes(picture(100 + number))
    return source_folder


def test_every_image_of_a_large_class_is_used(
    uneven_folder: Path, stage: Stage, shown: io.StringIO
) -> None:
    result = stage(uneven_folder)
    assert {"car": 70, "truck": 7} == result["counts"]["train"]
    assert 110 == result["labelled"]
    assert "All 110 labelled images are in the dataset." == first_of_the_result(shown)


def test_balance_leaves_out_training_images_only_and_says_so_first(
    uneven_folder: Path, stage: Stage, shown: io.StringIO
) -> None:
    result = stage(uneven_folder, "--balance", "1.5")
    assert {"car": 10, "truck": 7} == result["counts"]["train"]
    assert {"car": 10, "truck": 1} == result["counts"]["calibration"] == result["counts"]["test"]
    assert {"surplus": 60} == result["left_out"]
    line = first_of_the_result(shown)
    assert line.startswith(
        "60 of 110 labelled images (54.5%) are left out (over the ratio of --balance: 60): "
    )
    assert line.endswith("left_out.csv")


def first_of_the_result(shown: io.StringIO) -> str:
    """Return the line about all labelled images, which is before the table."""
    before, _, _ = shown.getvalue().partition("class  ")
    [line] = [line for line in before.splitlines() if "labelled images" in line]
    return line


def test_oversampling_repeats_training_images_in_their_list_alone(
    uneven_folder: Path, stage: Stage, context: Context, shown: io.StringIO
) -> None:
    plain = stage(uneven_folder)
    result = stage(uneven_folder, "--oversample", "2")
    assert plain["counts"] == result["counts"]
    assert plain["left_out"] == result["left_out"] == {}
    assert plain["digest"] != result["digest"]
    assert 77 == plain["training_entries"]
    assert 105 == result["training_entries"]
    assert "77 images, 105 in each epoch." in shown.getvalue()

    dataset = Dataset.of(context.run)
    listed = [image.label for image in dataset.images(context.aws.s3, "train")]
    assert 105 == len(listed) == dataset.listed("train")
    assert 35 == listed.count(1)
    assert 77 == dataset.size("train") == len({*dataset.images(context.aws.s3, "train")})
    assert 110 == result["unchanged"]  # every image is stored once
    for split in ("validation", "calibration"):
        assert dataset.size(split) == len(dataset.images(context.aws.s3, split))


def test_classes_with_few_training_images_are_named(
    uneven_folder: Path, stage: Stage, shown: io.StringIO
) -> None:
    stage(uneven_folder)
    assert "fewer than 50 training images: truck (7). " in shown.getvalue()


@pytest.mark.parametrize("number", range(6))
def test_every_labelled_image_is_in_one_split_or_named_as_left_out(
    number: int, tmp_path: Path, stage: Stage, context: Context, picture: Callable[..., bytes]
) -> None:
    draw = random.Random(number)
    folder = tmp_path / "all"
    splits = [*SPLITS, "train", "train"] if number % 2 else [""]
    for added in range(90):  # of few contents: many are duplicates or contradict each other
        label = draw.choice(["car", "car", "truck"])
        path = folder / draw.choice(splits) / label / f"{added}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if draw.random() < 0.1 else picture(draw.randrange(200)))
    result = stage(folder, "--balance", draw.choice(["off", "1", "3/2"]))

    used = [row["source"] for row in rows(context, "images.csv")]
    named = [
        row["path"] for name in ("left_out.csv", "unreadable.csv") for row in rows(context, name)
    ]
    assert sorted(map(str, folder.rglob("*.png"))) == sorted(used + named)
    assert result["labelled"] == len(used) + len(named)
    assert len(used) == sum(sum(counts.values()) for counts in result["counts"].values())
    assert len(named) == sum(result["left_out"].values()) + len(result["unreadable"])


def test_another_seed_is_another_dataset(source_folder: Path, stage: Stage) -> None:
    assert stage(source_folder)["digest"] != stage(source_folder, "--seed", 1)["digest"]


def test_running_again_uploads_nothing(source_folder: Path, stage: Stage) -> None:
    stage(source_folder)
    again = stage(source_folder)
    assert 0 == again["uploaded"]
    assert 25 == again["unchanged"]
    assert 0 == again["deleted"]


def test_a_new_image_is_the_only_image_that_is_uploaded(
    source_folder: Path, stage: Stage, picture: Callable[..., bytes]
) -> None:
    for number, split in enumerate(SPLITS):
        for label in ("car", "truck"):
            path = source_folder / split / label / "a.png"
            path.parent.mkdir(parents=True)
            path.write_bytes(picture(100 + number + 10 * len(label)))
    stage(source_folder)
    (source_folder / "test/car/new.png").write_bytes(picture(7))
    again = stage(source_folder)
    # with labels and lists, which follow from the images
    assert 6 == again["uploaded"]
    assert 8 == again["unchanged"]


def test_left_out_images_are_counted_and_listed(
    source_folder: Path,
    stage: Stage,
    context: Context,
    shown: io.StringIO,
    picture: Callable[..., bytes],
) -> None:
    (source_folder / "car/empty.jpg").touch()
    (source_folder / "car/copy.bmp").write_bytes(picture(0, "BMP"))
    (source_folder / "car/wrong.png").write_bytes(picture(1))
    result = stage(source_folder)
    assert "EmptyImageError" == result["unreadable"][0]["error"]
    assert 1 == result["duplicates"]
    assert {"duplicate": 1, "contradiction": 2} == result["left_out"]
    assert [str(source_folder / "car/empty.jpg")] == [
        row["path"] for row in rows(context, "unreadable.csv")
    ]
    assert {"duplicate", "contradiction"} == {
        row["reason"] for row in rows(context, "left_out.csv")
    }
    assert "1 unreadable (EmptyImageError: 1)" in shown.getvalue()
    assert (
        "4 of 23 labelled images (17.4%) are left out "
        "(contradiction: 2, duplicate: 1, unreadable: 1): " in shown.getvalue()
    )


def test_every_image_of_the_dataset_is_listed_with_its_origin(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    stage(source_folder)
    found = rows(context, "images.csv")
    assert {str(path) for path in source_folder.rglob("*.png")} == {row["source"] for row in found}
    assert {f"{row['split']}/{row['image']}" for row in found} < listed(context)


def test_source_of_every_image_is_found_by_its_path(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    stage(source_folder)
    sources = read_sources(context.run.folder)
    assert {str(path) for path in source_folder.rglob("*.png")} == {*sources.values()}
    assert sources.keys() < listed(context)


def test_run_of_another_machine_has_no_sources(tmp_path: Path) -> None:
    assert {} == read_sources(tmp_path)


def test_the_table_and_the_next_command_are_shown(
    source_folder: Path, stage: Stage, shown: io.StringIO
) -> None:
    stage(source_folder)
    assert ["car", "7", "1", "1", "1"] in [line.split() for line in shown.getvalue().splitlines()]
    assert shown.getvalue().endswith("Next: scones train\n")


def test_a_class_in_square_brackets_is_shown(
    source_folder: Path, stage: Stage, shown: io.StringIO
) -> None:
    (source_folder / "car").rename(source_folder / "[bold]")
    stage(source_folder)
    assert ["[bold]", "7", "1", "1", "1"] in [
        line.split() for line in shown.getvalue().splitlines()
    ]


def test_the_next_command_names_the_same_run(
    source_folder: Path, context: Context, stage_options: Parse, shown: io.StringIO
) -> None:
    options = stage_options(source_folder)
    options.run, options.runs = "cars", Path("my runs")
    step.run(context, options)
    assert shown.getvalue().endswith("Next: scones train --run cars --runs 'my runs'\n")


def test_negative_examples_become_one_more_class(
    source_folder: Path, stage: Stage, tmp_path: Path, picture: Callable[..., bytes]
) -> None:
    for number in range(10):
        path = tmp_path / "negative-examples" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(100 + number))
    result = stage(source_folder, "--other", tmp_path / "negative-examples")
    assert "other" == result["other_class"]
    assert ["car", "other", "truck"] == result["labels"]
    assert {"car": 7, "other": 7, "truck": 7} == result["counts"]["train"]


def test_a_class_called_other_and_negative_examples_are_refused(
    source_folder: Path, stage: Stage
) -> None:
    (source_folder / "car").rename(source_folder / "other")
    with pytest.raises(OtherClassTakenError):
        stage(source_folder, "--other", source_folder)


def test_recordio_is_made_and_removed_as_asked(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    stage(source_folder, "--recordio")
    assert {"train_rec/train.rec", "validation_rec/validation.rec"} < listed(context)
    assert 2 == stage(source_folder)["deleted"]


def test_no_half_made_files_stay_in_the_runs_folder(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    stage(source_folder)
    names = {path.name for path in context.run.folder.iterdir()}
    assert {"run.json", "images.csv", "unreadable.csv", "left_out.csv"} == names


def test_a_source_in_s3_becomes_a_dataset(
    stage: Stage, context: Context, stage_options: Parse, picture: Callable[..., bytes]
) -> None:
    for number in range(20):
        key = f"raw/{('car', 'truck')[number % 2]}/{number}.png"
        context.aws.s3.put_object(Bucket="photos", Key=key, Body=picture(number))
    assert {"car": 7, "truck": 7} == stage("s3://photos/raw")["counts"]["train"]


def test_the_dataset_itself_is_no_source_for_it(source_folder: Path, stage: Stage) -> None:
    stage(source_folder)
    with pytest.raises(step.SourceIsDatasetError):
        stage("s3://photos/datasets/scones-unlimited/default")


def test_stack_bucket_is_the_default(
    source_folder: Path, context: Context, stage_options: Parse
) -> None:
    options = stage_options(source_folder)
    options.bucket = None
    outputs = {
        "TrainingBucketName": "photos",
        "SageMakerRoleArn": "arn:aws:iam::123456789012:role/sagemaker",
    }
    stack: dict[str, Any] = {
        "StackName": "stack",
        "CreationTime": 0,
        "StackStatus": "CREATE_COMPLETE",
    }
    stack["Outputs"] = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    with Stubber(context.aws.cloudformation) as stubber:
        for _ in range(2):
            stubber.add_response("describe_stacks", {"Stacks": [stack]})
        result = step.run(context, options)
    assert "photos" == result["bucket"]
    assert outputs["SageMakerRoleArn"] == result["role"]


def test_one_class_is_too_few(source_folder: Path, stage: Stage, context: Context) -> None:
    for path in (source_folder / "truck").iterdir():
        path.unlink()
    (source_folder / "truck").rmdir()
    with pytest.raises(TooFewClassesError, match="The source has only car"):
        stage(source_folder)
    assert set() == listed(context)


def test_class_without_a_readable_image_is_an_error(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    for path in (source_folder / "truck").iterdir():
        path.write_bytes(b"")
    with pytest.raises(
        TooFewImagesError,
        match=r"truck has no usable image. .*unreadable\.csv \(10 images\)",
    ):
        stage(source_folder)
    assert set() == listed(context)
    assert 10 == len(rows(context, "unreadable.csv"))


def test_a_small_class_leaves_nothing_half_made(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    for path in list((source_folder / "truck").iterdir())[2:]:
        path.unlink()
    with pytest.raises(TooFewImagesError, match="truck has 2 training images"):
        stage(source_folder, "--balance", "off")
    assert set() == listed(context)


def test_missing_source_is_refused_before_anything_is_written(
    stage: Stage, context: Context
) -> None:
    with pytest.raises(SourceNotReadableError, match="nowhere does not exist"):
        stage("nowhere")
    assert not context.run.path.exists()
    assert ["photos"] == [one["Name"] for one in context.aws.s3.list_buckets()["Buckets"]]


def test_a_file_of_another_kind_is_no_source(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    with pytest.raises(SourceNotReadableError, match=r"is not a source\. Use a folder, a manifest"):
        stage(tmp_path / "a.txt")


def test_missing_bucket_is_an_error_before_an_image_is_read(
    source_folder: Path, stage: Stage, shown: io.StringIO
) -> None:
    with pytest.raises(BucketNotUsableError, match="The bucket other does not exist"):
        stage(source_folder, "--bucket", "other")
    assert "Preparing" not in shown.getvalue()


def test_prefix_with_other_objects_is_an_error_before_an_image_is_read(
    source_folder: Path, stage: Stage, context: Context, shown: io.StringIO
) -> None:
    context.aws.s3.put_object(
        Bucket="photos", Key="datasets/scones-unlimited/default/mine.txt", Body=b""
    )
    with pytest.raises(PlaceTakenError):
        stage(source_folder)
    assert "Preparing" not in shown.getvalue()


def test_folder_that_cannot_be_written_is_an_error(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    context.run.folder.parent.mkdir(parents=True)
    context.run.folder.touch()
    with pytest.raises(step.FileAccessError, match="default"):
        stage(source_folder)


def test_an_interrupted_change_takes_the_earlier_result_back(
    source_folder: Path, stage: Stage, context: Context
) -> None:
    stage(source_folder)

    def stop(**_: object) -> None:
        raise KeyboardInterrupt

    with hooked(context.aws.s3, PutObject=stop), pytest.raises(KeyboardInterrupt):
        stage(source_folder, "--seed", 1)
    with pytest.raises(StepNotDoneError):
        Dataset.of(context.run)
    assert "dataset.json" not in listed(context)
