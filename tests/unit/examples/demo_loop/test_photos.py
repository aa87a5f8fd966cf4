"""Divide the sample photos: no photo that arrives is labelled before."""

from collections import Counter
from pathlib import Path

import pytest

from examples.demo_loop.photos import ARRIVING, CLASSES, START, arriving_photos, start_dataset


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[4])


def names(folder: Path) -> set[tuple[str, str]]:
    return {(path.parent.name, path.name) for path in folder.rglob("*.*")}


def test_equally_many_photos_of_each_class_arrive() -> None:
    labels = Counter(sample.label for sample in arriving_photos())
    assert dict.fromkeys([*CLASSES, None], ARRIVING) == labels


def test_arriving_photos_are_not_labelled_before(tmp_path: Path) -> None:
    dataset = start_dataset(tmp_path / "start")
    labelled = names(dataset.classes / "train") | names(dataset.other / "train")
    arriving = {(sample.path.parent.name, sample.path.name) for sample in arriving_photos()}
    assert labelled
    assert labelled.isdisjoint(arriving)


def test_start_has_a_few_photos_of_every_class_in_every_split(tmp_path: Path) -> None:
    dataset = start_dataset(tmp_path / "start")
    for split, count in START.items():
        for name in CLASSES:
            assert count == len([*(dataset.classes / split / name).iterdir()])
        assert count == len([*(dataset.other / split).glob("*/*")])


def test_negative_examples_are_of_all_kinds(tmp_path: Path) -> None:
    dataset = start_dataset(tmp_path / "start")
    kinds = Counter(path.parent.name for path in (dataset.other / "train").glob("*/*"))
    assert {"bird", "cat", "frog", "ship"} == set(kinds)
    assert max(kinds.values()) - min(kinds.values()) <= 1


def test_photos_of_an_earlier_start_are_removed(tmp_path: Path) -> None:
    old = tmp_path / "start/photos/train/truck/old.webp"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"")
    start_dataset(tmp_path / "start")
    assert not old.exists()
