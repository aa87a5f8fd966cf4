"""Bringing a dataset to S3."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.unit.training.fake_clients import hooked
from training.dataset.layout import StagedObject
from training.dataset.upload import Place, PlaceTakenError, apply_difference, compare
from training.steps.context import Context
from untrusted.console import Console

QUIET = Console(quiet=True)
DESCRIPTION = {"digest": "sha256:1", "labels": ["car", "truck"]}
A, B = (f"train/car/{digit * 16}.png" for digit in "ab")
LIST = "train_lst/train.lst"


@pytest.fixture
def place(context: Context) -> Place:
    context.aws.s3.create_bucket(Bucket="photos")
    return Place(context.aws.s3, "photos", "datasets/cars")


@pytest.fixture
def objects(tmp_path: Path) -> list[StagedObject]:
    """Two images and a list."""
    made = []
    for key in (A, B, LIST):
        path = tmp_path / key.replace("/", "-")
        path.write_bytes(key.encode())
        made.append(StagedObject(key, path, len(key), is_image=key != LIST))
    return made


def apply_difference_all(
    place: Place, objects: list[StagedObject], description: dict[str, Any] = DESCRIPTION
) -> tuple[int, int]:
    """Bring a dataset; returns how many files were uploaded and deleted."""
    difference = compare(objects, place, description)
    apply_difference(place, difference, description, QUIET)
    return len(difference.upload), len(difference.delete)


def test_all_files_and_the_description_are_brought(
    place: Place, objects: list[StagedObject]
) -> None:
    assert (3, 0) == apply_difference_all(place, objects)
    assert {A, B, LIST, "dataset.json"} == set(place.listed())


def test_an_image_has_its_content_type(place: Place, objects: list[StagedObject]) -> None:
    apply_difference_all(place, objects)
    assert "image/png" == place.s3.head_object(Bucket="photos", Key=place.key(A))["ContentType"]


def test_the_description_says_when_it_was_made(place: Place, objects: list[StagedObject]) -> None:
    apply_difference_all(place, objects)
    assert {*DESCRIPTION, "created_at"} == set(place.description())


def test_unchanged_dataset_is_not_uploaded_again(place: Place, objects: list[StagedObject]) -> None:
    apply_difference_all(place, objects)
    before = place.s3.head_object(Bucket="photos", Key=place.key("dataset.json"))["LastModified"]
    assert (0, 0) == apply_difference_all(place, objects)
    assert (
        before
        == place.s3.head_object(Bucket="photos", Key=place.key("dataset.json"))["LastModified"]
    )


def test_only_what_has_changed_is_uploaded_and_what_no_longer_belongs_is_deleted(
    place: Place, objects: list[StagedObject]
) -> None:
    apply_difference_all(place, objects[1:])
    assert (2, 1) == apply_difference_all(
        place, [objects[0], objects[2]], {**DESCRIPTION, "digest": "sha256:2"}
    )
    assert {A, LIST, "dataset.json"} == set(place.listed())


def test_a_damaged_image_is_uploaded_again(place: Place, objects: list[StagedObject]) -> None:
    apply_difference_all(place, objects)
    place.s3.put_object(Bucket="photos", Key=place.key(A), Body=b"cut")
    assert (1, 0) == apply_difference_all(place, objects)


def test_another_origin_changes_the_description_alone(
    place: Place, objects: list[StagedObject]
) -> None:
    apply_difference_all(place, objects)
    assert (0, 0) == apply_difference_all(place, objects, {**DESCRIPTION, "source": "elsewhere"})
    assert "elsewhere" == place.description()["source"]


def test_damaged_description_is_written_again(place: Place, objects: list[StagedObject]) -> None:
    apply_difference_all(place, objects)
    place.s3.put_object(Bucket="photos", Key=place.key("dataset.json"), Body=b"{")
    apply_difference_all(place, objects)
    assert "sha256:1" == place.description()["digest"]


@pytest.mark.parametrize(
    "key", ["notes.txt", "train/car/photo.png", "train/car/deep/aaaaaaaaaaaaaaaa.png"]
)
def test_objects_of_other_origin_are_not_changed(
    key: str, place: Place, objects: list[StagedObject]
) -> None:
    place.s3.put_object(Bucket="photos", Key=place.key(key), Body=b"mine")
    with pytest.raises(PlaceTakenError, match=f"datasets/cars has 1 objects .* such as {key}"):
        apply_difference_all(place, objects)
    assert {key: 4} == {
        found["Key"].removeprefix("datasets/cars/"): found["Size"] for found in everything(place)
    }


def test_a_dataset_whose_name_begins_alike_is_another(
    place: Place, objects: list[StagedObject]
) -> None:
    place.s3.put_object(Bucket="photos", Key="datasets/cars-2/notes.txt", Body=b"mine")
    assert (3, 0) == apply_difference_all(place, objects)


def everything(place: Place) -> list[Any]:
    return place.s3.list_objects_v2(Bucket="photos").get("Contents", [])


@pytest.fixture(
    params=[KeyboardInterrupt(), EndpointConnectionError(endpoint_url="http://s3")],
    ids=["Ctrl-C", "net"],
)
def interrupted(place: Place, request: pytest.FixtureRequest) -> Iterator[type[BaseException]]:
    """An upload of a list that does not go through, the first time."""
    broken = [request.param]

    def stop(params: dict[str, Any], **_: object) -> None:
        if LIST in params["url_path"] and broken:
            raise broken.pop()

    with hooked(place.s3, PutObject=stop):
        yield type(request.param)
    assert not broken


def test_interrupted_upload_leaves_no_description_and_is_resumed(
    place: Place, objects: list[StagedObject], interrupted: type[BaseException]
) -> None:
    with pytest.raises(interrupted):
        apply_difference_all(place, objects)
    assert {A, B} == set(place.listed())
    assert (1, 0) == apply_difference_all(place, objects)


def test_a_dataset_that_is_being_changed_is_not_described(
    place: Place, objects: list[StagedObject], interrupted: type[BaseException]
) -> None:
    apply_difference_all(place, objects[:2])
    with pytest.raises(interrupted):
        apply_difference_all(place, objects, {**DESCRIPTION, "digest": "sha256:2"})
    assert {A, B} == set(place.listed())


def test_a_large_file_arrives_too(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "train.rec"
    path.write_bytes(b"records")
    said_to_be_large = StagedObject("train_rec/train.rec", path, 64 * 1024**2)
    apply_difference_all(place, [said_to_be_large])
    assert {"train_rec/train.rec": 7}.items() <= place.listed().items()


def test_progress_is_shown(place: Place, objects: list[StagedObject]) -> None:
    shown = io.StringIO()
    apply_difference(
        place, compare(objects, place, DESCRIPTION), DESCRIPTION, Console(file=shown, width=120)
    )
    assert "3/3" in shown.getvalue()
    assert DESCRIPTION.items() <= json.loads(json.dumps(place.description())).items()
