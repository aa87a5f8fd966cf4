"""The files of a dataset."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from training.dataset.layout import StagedObject, dataset_digest, describe, lay_out, list_lines
from training.dataset.preparation import PreparedImage
from training.dataset.split import Splits

A, B, C, D, E = (letter * 64 for letter in "abcde")


@pytest.fixture
def splits(prepared: Callable[..., PreparedImage]) -> Splits:
    images = {
        "train": [prepared(A, "truck"), prepared(B)],
        "validation": [prepared(C, split="validation")],
        "calibration": [prepared(E, split="calibration")],
        "test": [prepared(D, split="test")],
    }
    return Splits(("car", "truck"), images)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for digest in (A, B, C, D, E):
        (tmp_path / f"{digest}.png").write_bytes(b"image " + digest[:1].encode())
    return tmp_path


def test_a_list_has_index_class_index_and_path(splits: Splits) -> None:
    assert ["0\t1\ttruck/aaaaaaaaaaaaaaaa.png\n", "1\t0\tcar/bbbbbbbbbbbbbbbb.png\n"] == list_lines(
        splits, "train"
    )


def test_repeated_image_is_one_file_with_several_entries(splits: Splits, folder: Path) -> None:
    truck, car = splits.images["train"]
    again = replace(splits, oversampled=[truck, car, truck])
    assert [
        "0\t1\ttruck/aaaaaaaaaaaaaaaa.png\n",
        "1\t0\tcar/bbbbbbbbbbbbbbbb.png\n",
        "2\t1\ttruck/aaaaaaaaaaaaaaaa.png\n",
    ] == list_lines(again, "train")
    assert dataset_digest(splits) != dataset_digest(again)

    once, twice = (lay_out(one, folder, recordio=True) for one in (splits, again))
    assert [item.key for item in once] == [item.key for item in twice]
    path = folder / "train.rec"
    assert 2 == path.read_bytes().count(b"image a")


def test_a_dataset_has_images_lists_and_labels(splits: Splits, folder: Path) -> None:
    keys = [item.key for item in lay_out(splits, folder, recordio=False)]
    assert [
        "train/truck/aaaaaaaaaaaaaaaa.png",
        "train/car/bbbbbbbbbbbbbbbb.png",
        "validation/car/cccccccccccccccc.png",
        "calibration/car/eeeeeeeeeeeeeeee.png",
        "test/car/dddddddddddddddd.png",
        "labels.json",
        "train_lst/train.lst",
        "validation_lst/validation.lst",
        "calibration_lst/calibration.lst",
        "test_lst/test.lst",
    ] == keys


def test_recordio_holds_training_and_validation_in_the_order_of_their_lists(
    splits: Splits, folder: Path
) -> None:
    records = [item for item in lay_out(splits, folder, recordio=True) if item.key.endswith(".rec")]
    assert ["train_rec/train.rec", "validation_rec/validation.rec"] == [
        item.key for item in records
    ]
    content = records[0].file.read_bytes()
    assert 0 < content.index(b"image a") < content.index(b"image b")


def test_object_is_listed_with_its_file_and_size(splits: Splits, folder: Path) -> None:
    image = folder / f"{A}.png"
    assert (
        StagedObject("train/truck/aaaaaaaaaaaaaaaa.png", image, 100, is_image=True)
        == lay_out(splits, folder, False)[0]
    )


def test_labels_are_in_class_index_order(splits: Splits, folder: Path) -> None:
    lay_out(splits, folder, recordio=False)
    assert ["car", "truck"] == json.loads((folder / "labels.json").read_text())


def test_the_digest_is_that_of_contents_and_not_of_where_they_came_from(
    splits: Splits, prepared: Callable[..., PreparedImage]
) -> None:
    elsewhere = {**splits.images, "test": [prepared(D, split="test", path="elsewhere.png")]}
    assert dataset_digest(splits) == dataset_digest(Splits(splits.labels, elsewhere))


@pytest.mark.parametrize(
    "change",
    [
        lambda images, make: {**images, "test": [make(C, split="test")]},
        lambda images, make: {**images, "test": [make(D, "truck", "test")]},
        lambda images, make: {**images, "train": images["train"][::-1]},
        lambda images, make: {**images, "train": [], "test": [*images["train"], *images["test"]]},
    ],
    ids=["content", "label", "order", "split"],
)
def test_the_digest_changes_with_all_that_matters(
    change: object, splits: Splits, prepared: Callable[..., PreparedImage]
) -> None:
    changed = change(splits.images, prepared)  # type: ignore[operator]
    assert dataset_digest(splits) != dataset_digest(Splits(splits.labels, changed))


def test_a_description_survives_json(splits: Splits) -> None:
    description = describe(splits, {"seed": 7})
    assert description == json.loads(json.dumps(description))


def test_a_description_says_how_images_were_prepared(splits: Splits) -> None:
    made = describe(splits, {})["prepared_by"]
    assert "functions.serialize_image.image_preparation.prepare_image" == made["function"]
    assert 256 == made["parameters"]["short_side"]
