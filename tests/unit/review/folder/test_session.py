import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from review.folder.answer_file import AnswerFileError
from review.folder.answers import ANSWERS, LABELS
from review.folder.classes import ClassesError, class_names
from review.folder.session import Session, opened
from review.images import Answer
from tests.unit.review.folder.conftest import ANNE, CLASSES, png
from training.project.errors import TrainingError
from untrusted.console import Console

Build = Callable[..., Answer]


@pytest.fixture(autouse=True)
def without_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let onnxruntime be missing: images come in random order, and no process starts."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(png(number))
    return tmp_path


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=300, quiet=False)


def text(console: Console) -> str:
    return console.export_text()


def answer_one(session: Session, given: Build, **more: str) -> str:
    (image,) = session.queue.claim(ANNE, 1)
    session.queue.answer(given(image.key, **more), ANNE)
    return image.key.image_url


def test_answers_are_in_the_manifest_at_the_end(
    folder: Path, console: Console, given: Build
) -> None:
    with opened(folder, CLASSES, console) as session:
        name = answer_one(session, given)
    assert f"{name},truck," in (folder / LABELS).read_text()
    assert f"scones stage {folder / LABELS}" in text(console)


def test_answers_are_in_the_manifest_after_an_interruption(
    folder: Path, console: Console, given: Build
) -> None:
    def interrupted() -> None:
        with opened(folder, CLASSES, console) as session:
            answer_one(session, given)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ",truck," in (folder / LABELS).read_text()


def test_manifest_is_complete_again_after_a_crash(
    folder: Path, console: Console, given: Build
) -> None:
    with opened(folder, CLASSES, console) as session:
        answer_one(session, given)
    (folder / LABELS).unlink()
    with opened(folder, (), console):
        assert ",truck," in (folder / LABELS).read_text()


def test_classes_of_the_last_time_are_used(folder: Path, console: Console) -> None:
    with opened(folder, CLASSES, console):
        pass
    with opened(folder, (), console) as session:
        assert CLASSES == session.queue.classes


def test_first_start_without_classes_is_refused_and_leaves_no_file(
    folder: Path, console: Console
) -> None:
    with (
        pytest.raises(ClassesError, match="--classes automobile,truck"),
        opened(folder, (), console),
    ):
        pass
    assert not (folder / ANSWERS).exists()


def test_missing_onnxruntime_is_named(folder: Path, console: Console) -> None:
    with opened(folder, CLASSES, console):
        pass
    assert "Run `make tools` again. Until then images come in random order." in text(console)


def test_answer_about_a_deleted_file_stays_in_its_file_and_out_of_the_manifest(
    folder: Path, console: Console, given: Build
) -> None:
    with opened(folder, CLASSES, console) as session:
        name = answer_one(session, given)
    (folder / name).unlink()
    before = (folder / ANSWERS).read_bytes()
    with opened(folder, CLASSES, console):
        pass
    assert before == (folder / ANSWERS).read_bytes()
    assert not (folder / LABELS).exists()
    assert "1 answer kept in reviews.jsonl, but not used" in text(console)


def test_changed_file_is_shown_again(folder: Path, console: Console, given: Build) -> None:
    with opened(folder, CLASSES, console) as session:
        name = answer_one(session, given)
    (folder / name).write_bytes(png(99) + b"more")
    with opened(folder, CLASSES, console) as session:
        assert name in [image.key.image_url for image in session.queue.claim(ANNE, 9)]


def test_copied_file_keeps_its_answer(folder: Path, console: Console, given: Build) -> None:
    with opened(folder, CLASSES, console) as session:
        name = answer_one(session, given)
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    (folder / name).write_bytes(content)
    with opened(folder, CLASSES, console) as session:
        assert name not in [image.key.image_url for image in session.queue.claim(ANNE, 9)]


def test_answers_of_a_class_that_is_no_longer_named_are_kept(
    folder: Path, console: Console, given: Build
) -> None:
    with opened(folder, ("bike", "truck"), console) as session:
        answer_one(session, given, label="bike")
    with opened(folder, CLASSES, console):
        assert not (folder / LABELS).exists()
    assert "Answers of other classes stay in reviews.jsonl" in text(console)
    with opened(folder, ("bike", "truck"), console):
        assert ",bike," in (folder / LABELS).read_text()


def test_name_that_is_not_utf_8_is_reported(folder: Path, console: Console) -> None:
    (folder / "\udcff.png").write_bytes(png())
    with opened(folder, CLASSES, console):
        pass
    assert "1 name left out" in text(console)


def test_line_that_is_not_an_answer_is_refused(folder: Path, console: Console) -> None:
    (folder / ANSWERS).write_text('{"answer_id": "one", "path": "0.png"}\n')
    with pytest.raises(AnswerFileError, match="not an answer"), opened(folder, CLASSES, console):
        pass


def test_result_counts_the_answers_by_class(folder: Path, console: Console, given: Build) -> None:
    with opened(folder, CLASSES, console) as session:
        answer_one(session, given)
    assert {"automobile": 0, "truck": 1} == session.result()["classes"]
    assert [str(folder / LABELS)] == session.result()["manifests"]


def test_classes_keep_their_order() -> None:
    assert ("truck", "bike") == class_names("truck, bike,truck")


@pytest.mark.parametrize("names", ["truck", "truck,other", "truck,", "a/b,truck", ""])
def test_names_that_cannot_be_classes_are_refused(names: str) -> None:
    with pytest.raises((ClassesError, TrainingError)):
        class_names(names)
