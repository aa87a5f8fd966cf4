"""The writers alone: many images, and splits without images."""

import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from training.dataset import class_folders, ground_truth, label_studio
from training.dataset.class_folders import folder_names
from training.dataset.dataset import SPLITS
from training.dataset.export import Export, ExportedImage
from training.dataset.manifest_rows import Columns
from training.dataset.source import Reason
from training.dataset.sources import open_source
from training.steps.context import Context
from untrusted.console import Console

AT = datetime(2030, 1, 1, tzinfo=UTC)
FORMATS = (class_folders, ground_truth, label_studio)
LABELS = ("car", "truck")


def image(number: int, split: str, read: bytes = b"image") -> ExportedImage:
    return ExportedImage(
        url=f"s3://photos/{number}.png",
        name=f"{number:016x}.png",
        label=LABELS[number % 2],
        split=split,
        reason=Reason.SOURCE,
        labelled_at=AT,
        read=lambda: read,
        group=f"burst {number // 4}" if number % 3 else "",
    )


@pytest.mark.parametrize("splits", [SPLITS, ("train", "test"), ("train",)])
@pytest.mark.parametrize("kind", FORMATS)
def test_thousand_images_come_back_from_any_splits(
    kind: ModuleType, splits: tuple[str, ...], tmp_path: Path, context: Context
) -> None:
    images = [image(number, splits[number % len(splits)]) for number in range(1000)]
    kind.write(Export("run", LABELS, images), tmp_path, Console(quiet=True))
    source = open_source(str(tmp_path / kind.MANIFEST), Columns(), (), context.aws.s3)
    assert [(one.label, one.split, one.group) for one in images] == [
        (one.label, one.split, one.group) for one in source.images
    ]


def test_split_without_images_has_no_manifest(tmp_path: Path) -> None:
    images = [image(number, "train") for number in range(4)]
    ground_truth.write(Export("run", LABELS, images), tmp_path, Console(quiet=True))
    assert {"dataset.manifest", "train.manifest"} == {path.name for path in tmp_path.iterdir()}


def test_lines_are_utf_8_without_marks_that_hide_text(tmp_path: Path) -> None:
    hidden = Export("run", ("日本",), [])
    line = image(0, "train")
    shown = ExportedImage(**{**vars(line), "label": "日本", "url": "s3://photos/a\u202eb.png"})
    ground_truth.write(Export("run", hidden.labels, [shown]), tmp_path, Console(quiet=True))
    text = (tmp_path / "dataset.manifest").read_bytes().decode()
    assert "日本" in text
    assert "\u202e" not in text
    assert "s3://photos/a\u202eb.png" == json.loads(text)["source-ref"]


def test_choices_of_label_studio_are_escaped(tmp_path: Path) -> None:
    label_studio.write(Export("run", ('a"<b>&', "car"), []), tmp_path, Console(quiet=True))
    text = (tmp_path / "labeling-config.xml").read_text(encoding="utf-8")
    assert "<Choice value='a\"&lt;b&gt;&amp;'/>" in text


def test_longest_escaped_name_is_a_possible_name() -> None:
    [name] = folder_names(["<" * 100]).values()
    assert len(name.encode()) <= 255


def test_name_that_looks_like_a_numbered_one_is_not_given_twice() -> None:
    names = folder_names(["CAR", "Car", "car", "car~2"])
    assert 4 == len({name.casefold() for name in names.values()})
