from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from review.folder.answers import (
    LABELS,
    OTHERS,
    FolderAnswer,
    answer_line,
    classes_line,
    last_classes,
    split_of,
    standing_answers,
    undo_line,
    write_manifests,
)
from review.images import Answer, ImageKey, Verdict
from tests.unit.review.folder.conftest import CLASSES, path_of_split, png
from training.dataset.manifest import read_manifest
from training.dataset.manifest_rows import Columns

Build = Callable[..., Answer]
NO_S3: Any = None


def stored(answer: Answer) -> FolderAnswer:
    return FolderAnswer(answer, "digest")


def test_a_tenth_of_the_files_calibrates_and_a_tenth_tests() -> None:
    drawn = Counter(split_of(f"{number}.png") for number in range(10_000))
    assert 1_000 == pytest.approx(drawn["calibration"], abs=100)
    assert 1_000 == pytest.approx(drawn["test"], abs=100)
    assert 8_000 == pytest.approx(drawn["train"], abs=150)


def test_answer_is_read_from_its_line(given: Build) -> None:
    answer = stored(given(ImageKey("a.png", "1-2")))
    assert {"a.png": answer} == standing_answers([answer_line(answer)])


def test_answer_that_was_taken_back_does_not_stand(given: Build) -> None:
    answer = given(ImageKey("a.png", "1-2"))
    lines = [answer_line(stored(answer)), undo_line(answer, "2026-01-03")]
    assert {} == standing_answers(lines)


def test_answer_after_an_undo_stands(given: Build) -> None:
    first = given(ImageKey("a.png", "1-2"))
    second = stored(given(first.key, label="automobile", answer_id="answer-2"))
    undo = undo_line(first, "2026-01-03")
    lines = [answer_line(stored(first)), undo, answer_line(second), undo]
    assert {"a.png": second} == standing_answers(lines)


def test_classes_of_the_last_session_are_remembered() -> None:
    lines = [classes_line(("a", "b")), classes_line(("a", "b", "c")), {"undo": "x", "path": "y"}]
    assert ("a", "b", "c") == last_classes(lines)


def labels_of(folder: Path, answers: list[Answer]) -> dict[str, str]:
    """Write manifests, and read the labels as `stage` does."""
    for answer in answers:
        (folder / answer.key.image_url).write_bytes(png())
    write_manifests(folder, map(stored, answers), CLASSES)
    source = read_manifest(folder / LABELS, Columns(), (), NO_S3)
    return {Path(image.path).name: image.label for image in source.images}


def test_stage_reads_the_labels(tmp_path: Path, given: Build) -> None:
    answers = [given(ImageKey("a, b.png", "1")), given(ImageKey('"ü".png', "1"), "automobile")]
    assert {"a, b.png": "truck", '"ü".png': "automobile"} == labels_of(tmp_path, answers)


@pytest.mark.parametrize("split", ["train", "calibration", "test"])
def test_stage_puts_an_image_into_the_split_that_was_drawn(
    tmp_path: Path, given: Build, split: str
) -> None:
    labels_of(tmp_path, [given(ImageKey(path_of_split(split), "1"))])
    source = read_manifest(tmp_path / LABELS, Columns(), (), NO_S3)
    assert [split] == [image.split for image in source.images]


def test_image_of_no_class_is_a_negative_example(tmp_path: Path, given: Build) -> None:
    none = given(ImageKey("none.png", "1"), None, verdict=Verdict.NONE_OF_THESE)
    assert ["a.png"] == [*labels_of(tmp_path, [given(ImageKey("a.png", "1")), none])]
    others = read_manifest(tmp_path / OTHERS, Columns(), (), NO_S3)
    assert ["none.png"] == [Path(image.path).name for image in others.images]


def test_image_that_is_not_usable_is_in_no_manifest(tmp_path: Path, given: Build) -> None:
    unusable = given(ImageKey("dark.png", "1"), None, verdict=Verdict.NOT_USABLE)
    assert ["a.png"] == [*labels_of(tmp_path, [given(ImageKey("a.png", "1")), unusable])]
    assert not (tmp_path / OTHERS).exists()


def test_class_of_an_earlier_session_is_left_out(tmp_path: Path, given: Build) -> None:
    bike = given(ImageKey("bike.png", "1"), "bike")
    assert ["a.png"] == [*labels_of(tmp_path, [given(ImageKey("a.png", "1")), bike])]


def test_manifest_without_rows_is_removed(tmp_path: Path, given: Build) -> None:
    labels_of(tmp_path, [given(ImageKey("a.png", "1"))])
    write_manifests(tmp_path, [], CLASSES)
    assert not (tmp_path / LABELS).exists()
