from collections import Counter
from pathlib import Path

import pytest

from benchmarks.cifar10 import CifarError, chosen, refuse_others

LABELS = {"train": [0, 1] * 10, "test": [1, 0] * 3}
CLASSES = ("airplane", "automobile")


def test_split_has_equally_many_photos_of_each_class(tmp_path: Path) -> None:
    photos = chosen(tmp_path, LABELS, {"train": 7}, CLASSES)
    assert {"airplane": 4, "automobile": 3} == Counter(photo.path.parent.name for photo in photos)


def test_splits_have_no_photo_in_common(tmp_path: Path) -> None:
    photos = chosen(tmp_path, LABELS, {"train": 12, "validation": 8, "test": 6}, CLASSES)
    assert 26 == len({(photo.batch, photo.number) for photo in photos})
    assert {"train": 20, "test": 6} == Counter(photo.batch for photo in photos)


def test_photo_is_named_by_split_class_and_number(tmp_path: Path) -> None:
    [photo] = chosen(tmp_path, LABELS, {"test": 1}, ["automobile"])
    assert "test" == photo.batch
    assert 0 == photo.number
    assert tmp_path / "test/automobile/00000.png" == photo.path


def test_more_photos_than_exist_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        CifarError, match="validation: CIFAR-10 has only 4 images left of the class airplane"
    ):
        chosen(tmp_path, LABELS, {"train": 12, "validation": 10}, CLASSES)


def test_unexpected_image_in_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "train/cat").mkdir(parents=True)
    (tmp_path / "train/cat/mine.png").touch()
    with pytest.raises(CifarError, match=r"train/cat/mine\.png"):
        refuse_others(tmp_path, {tmp_path / "train/cat/00001.png"})


def test_file_of_an_interrupted_run_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "train/cat").mkdir(parents=True)
    (tmp_path / "train/cat/00001.partial").touch()
    refuse_others(tmp_path, set())
