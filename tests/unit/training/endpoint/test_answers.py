"""Answers that are kept while they come."""

from pathlib import Path

import pytest

from training.dataset.answer import Answer
from training.dataset.dataset import StagedImage
from training.endpoint.answers import AnswerFile

SUBJECT = {"model": "sha256:1"}
ANSWERS = [
    Answer(StagedImage(f"test/é {n}.png", n), (0.25, 0.75), 1.5, "AllTraffic") for n in range(3)
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with three answers."""
    file = AnswerFile(tmp_path / "answers.jsonl", SUBJECT)
    file.load()
    assert ANSWERS == list(file.add(iter(ANSWERS)))
    return file.path


def loaded(path: Path, subject: dict[str, str]) -> list[Answer]:
    file = AnswerFile(path, subject)
    file.load()
    return file.answers


def test_answers_are_read_back_as_they_were(path: Path) -> None:
    assert ANSWERS == loaded(path, SUBJECT)


def test_answers_of_another_model_are_not_reused(path: Path) -> None:
    assert [] == loaded(path, {"model": "sha256:2"})


def test_truncated_answer_is_dropped_and_the_others_stay(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])
    assert ANSWERS[:2] == loaded(path, SUBJECT)


def test_a_file_that_was_cut_off_can_be_added_to(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])
    file = AnswerFile(path, SUBJECT)
    file.load()
    list(file.add(iter(ANSWERS[2:])))
    assert ANSWERS == loaded(path, SUBJECT)


@pytest.mark.parametrize("content", [b"", b"oops\n", b'{"model": "sha256:1"}', b"[]\n"])
def test_damaged_or_other_file_gives_no_answers(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert [] == loaded(path, SUBJECT)


def test_answers_that_are_cleared_do_not_come_back(path: Path) -> None:
    AnswerFile(path, SUBJECT).clear()
    assert [] == loaded(path, SUBJECT)


def test_answers_before_an_interruption_stay(tmp_path: Path) -> None:
    file = AnswerFile(tmp_path / "answers.jsonl", SUBJECT)
    file.load()
    coming = file.add(iter(ANSWERS))
    next(coming)
    coming.close()  # type: ignore[attr-defined]
    assert ANSWERS[:1] == loaded(file.path, SUBJECT)


def test_images_without_an_answer_are_missing(tmp_path: Path) -> None:
    file = AnswerFile(tmp_path / "answers.jsonl", SUBJECT)
    file.replace(ANSWERS[:2])
    assert [answer.image for answer in ANSWERS[2:]] == file.missing(
        answer.image for answer in ANSWERS
    )


def test_answers_come_in_the_order_of_the_images(tmp_path: Path) -> None:
    file = AnswerFile(tmp_path / "answers.jsonl", SUBJECT)
    file.replace(ANSWERS)
    assert ANSWERS[::-1] == file.to(answer.image for answer in reversed(ANSWERS))
