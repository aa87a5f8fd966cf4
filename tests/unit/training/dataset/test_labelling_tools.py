"""Exports of labelling tools, in files as the tools write them (golden/)."""

import json
import shutil
from pathlib import Path

import pytest

from training.dataset.labelling_tools import NotClassificationError
from training.dataset.manifest_rows import Columns, ManifestError
from training.dataset.source import Source
from training.dataset.sources import open_source
from training.steps.context import Context

GOLDEN = Path(__file__).with_name("golden")
# Every file labels one car and one truck. The places are those that the tools' users have.
FILES = {
    "ground_truth.manifest": ("s3", "s3"),
    "rekognition.manifest": ("s3", "s3"),
    "custom_vision.json": ("0b8f6c1e-1111-4a4a-9b9b-000000000001.png", "images/b.png"),
    "label_studio.json": ("a.png", "photos/b.png"),
    "cvat.xml": ("images/a.png", "photos/b.png"),
    "datumaro.json": ("images/a.png", "photos/b.png"),
    "mxnet.lst": ("car/a.png", "truck/b.png"),
}
UNLABELLED = {
    "ground_truth.manifest": ("s3://raw/c.png (no label)",),
    "custom_vision.json": ("https://example.blob.core.windows.net/i-1/c.png?sv=1 (no label)",),
    "label_studio.json": (
        "/data/upload/1/1a2b3c4d-c.png (annotators differ: car; truck)",
        "/data/upload/1/1a2b3c4d-d.png (no label)",
    ),
    "cvat.xml": ("c.png (no label)",),
    "datumaro.json": ("c.png (no label)",),
}


def opened(tmp_path: Path, name: str, context: Context, label: str = "label") -> Source:
    return open_source(str(tmp_path / name), Columns(label=label), (), context.aws.s3)


def opened_text(text: str, tmp_path: Path, context: Context, label: str = "label") -> Source:
    (tmp_path / "m.manifest").write_text(text, encoding="utf-8")
    return opened(tmp_path, "m.manifest", context, label)


@pytest.fixture
def exported(tmp_path: Path, context: Context) -> Path:
    """A folder with all exports and the files of their images."""
    context.aws.s3.create_bucket(Bucket="raw")
    for name, content in (("a.png", b"car"), ("b.png", b"truck")):
        context.aws.s3.put_object(Bucket="raw", Key=name, Body=content)
    for name, places in FILES.items():
        shutil.copy(GOLDEN / name, tmp_path)
        for place, content in zip(places, (b"car", b"truck"), strict=True):
            (tmp_path / place).parent.mkdir(exist_ok=True)
            if place != "s3":
                (tmp_path / place).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_images_of_an_export_have_the_labels_of_people(
    name: str, exported: Path, context: Context
) -> None:
    images = opened(exported, name, context).images
    assert ["car", "truck"] == [image.label for image in images]
    assert [b"car", b"truck"] == [image.read() for image in images]


@pytest.mark.parametrize("name", FILES)
def test_images_without_a_label_are_left_alone_and_reported(
    name: str, exported: Path, context: Context
) -> None:
    assert UNLABELLED.get(name, ()) == opened(exported, name, context).left_alone


def test_image_of_label_studio_is_found_whatever_its_database_orders_first(
    tmp_path: Path, context: Context
) -> None:
    task = {"data": {"group": "v1", "image": "s3://raw/a.png", "split": "val"}}
    result = [{"type": "choices", "value": {"choices": ["car"]}}]
    text = json.dumps([task | {"annotations": [{"result": result}]}])
    [image] = opened_text(text, tmp_path, context).images
    assert "s3://raw/a.png" == image.path
    assert "validation" == image.split
    assert "v1" == image.group


def test_split_and_group_of_an_augmented_manifest_are_read(
    tmp_path: Path, context: Context
) -> None:
    facts = {"class-name": "car", "type": "groundtruth/image-classification"}
    line = {"source-ref": "s3://raw/a.png", "label": 0, "label-metadata": facts}
    text = json.dumps(line | {"split": "test", "group": "v1"})
    [image] = opened_text(text, tmp_path, context).images
    assert "test" == image.split
    assert "v1" == image.group


def test_images_of_an_unpacked_export_in_datumaro_s_format_are_found(
    tmp_path: Path, context: Context
) -> None:
    # As CVAT packs it: annotations/default.json, images/default/a.png.
    for name in ("a.png", "photos/b.png"):
        place = tmp_path / "images/default" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(name.encode())
    (tmp_path / "annotations").mkdir()
    shutil.copy(GOLDEN / "datumaro.json", tmp_path / "annotations/default.json")
    images = opened(tmp_path, "annotations/default.json", context).images
    assert [b"a.png", b"photos/b.png"] == [image.read() for image in images]


def labelled_twice(kind: str = "groundtruth/image-classification") -> str:
    facts = {"type": kind, "human-annotated": "yes"}
    return json.dumps(
        {
            "source-ref": "s3://raw/a.png",
            "kind": 0,
            "kind-metadata": {**facts, "class-name": "car"},
            "colour": 1,
            "colour-metadata": {**facts, "class-name": "red"},
        }
    )


def test_image_with_several_labels_is_refused_by_name(tmp_path: Path, context: Context) -> None:
    with pytest.raises(ManifestError, match=r"line 1: s3://raw/a.png has the labels car, red"):
        opened_text(labelled_twice(), tmp_path, context)


def test_label_column_names_one_of_several_attributes(tmp_path: Path, context: Context) -> None:
    assert ("red",) == opened_text(labelled_twice(), tmp_path, context, "colour").classes


def test_boxes_are_refused_by_name(tmp_path: Path, context: Context) -> None:
    with pytest.raises(NotClassificationError, match="labels of groundtruth/object-detection"):
        opened_text(labelled_twice("groundtruth/object-detection"), tmp_path, context)


@pytest.mark.parametrize(
    "text",
    [
        '{"data": {"image": "a.png"}, "annotations": [{"result": [{"value": {"x": 1}}]}]}',
        '{"data": {"image": "a.png"}, "annotations": [{"result": [{"value": {}}]}]}',
    ],
)
def test_outlines_of_label_studio_are_refused(text: str, tmp_path: Path, context: Context) -> None:
    with pytest.raises(NotClassificationError):
        opened_text(text, tmp_path, context)


@pytest.mark.parametrize(
    "text",
    [
        '{"data": {}, "annotations": [1]}',
        '{"data": {}, "annotations": [{"result": [null]}]}',
        '{"data": {}, "annotations": [{"result": 5}]}',
        '{"originalImageUri": "x", "tags": [1]}',
        '{"source-ref": "", "a-metadata": {"class-name": "car"}}',
        '{"items": [], "categories": []}',
        '{"items": [{}], "categories": {"label": {"labels": []}}}',
    ],
)
def test_damaged_export_ends_in_an_error_of_the_manifest(
    text: str, tmp_path: Path, context: Context
) -> None:
    (tmp_path / "m.json").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError):
        opened(tmp_path, "m.json", context)


def test_list_without_class_folders_is_refused(tmp_path: Path, context: Context) -> None:
    (tmp_path / "m.lst").write_text("0\t0\ta.png\n1\t1\tb.png\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="class 0 has no name"):
        opened(tmp_path, "m.lst", context)


def test_list_whose_folder_holds_two_classes_is_refused(tmp_path: Path, context: Context) -> None:
    (tmp_path / "m.lst").write_text("0\t0\tx/a.png\n1\t1\tx/b.png\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="class 1 has no name"):
        opened(tmp_path, "m.lst", context)


@pytest.mark.parametrize("text", ["", "<a", "\x00"])
def test_file_that_is_no_export_of_cvat_is_refused(
    text: str, tmp_path: Path, context: Context
) -> None:
    (tmp_path / "m.xml").write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError):
        opened(tmp_path, "m.xml", context)


def test_entities_of_xml_are_refused(tmp_path: Path, context: Context) -> None:
    (tmp_path / "m.xml").write_text("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", encoding="utf-8")
    with pytest.raises(ManifestError, match="has a DOCTYPE"):
        opened(tmp_path, "m.xml", context)
