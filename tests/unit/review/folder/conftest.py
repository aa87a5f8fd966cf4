"""Provide a folder of images, and the parts of its review."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from review.folder.answer_file import AnswerFile
from review.folder.answers import ANSWERS, OWN, split_of, standing_answers
from review.folder.files import Files
from review.folder.queue import FolderQueue
from review.images import Answer, ImageKey, Reason, Verdict
from review.reviewer import Reviewer

ANNE = Reviewer("anne", "page-1")
OTHER_PAGE = Reviewer("anne", "page-2")
CLASSES = ("automobile", "truck")


def png(shade: int = 0) -> bytes:
    """Return a small image file."""
    buffer = BytesIO()
    Image.new("RGB", (8, 8), (shade, 90, 30)).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Clock:
    """Seconds that a test advances."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Labelled:
    """A folder that is being labelled."""

    folder: Path
    answer_file: AnswerFile
    clock: Clock = field(default_factory=Clock)

    def queue(self, classes: tuple[str, ...] = CLASSES) -> FolderQueue:
        """Build a queue from the files and the answers of this moment."""
        files = Files(self.folder)
        keys = files.list(OWN).keys
        answers = standing_answers(self.lines())
        return FolderQueue(files, keys, classes, self.answer_file, answers, self.clock)

    def lines(self) -> list[dict[str, object]]:
        """Return all lines of the file of answers."""
        import json

        return [json.loads(line) for line in (self.folder / ANSWERS).read_text().splitlines()]


@pytest.fixture
def labelled(tmp_path: Path) -> Iterator[Labelled]:
    """A folder with 20 images."""
    for number in range(20):
        (tmp_path / f"{number:02}.png").write_bytes(png(number))
    with AnswerFile(tmp_path / ANSWERS) as answer_file:
        yield Labelled(tmp_path, answer_file)


@pytest.fixture
def given() -> Callable[..., Answer]:
    """Build an answer as the page gives it."""

    def build(
        key: ImageKey,
        label: str | None = "truck",
        answer_id: str = "answer-1",
        verdict: Verdict = Verdict.CLASS,
        reviewer: str = "anne",
    ) -> Answer:
        at = "2026-01-02T00:00:00+00:00"
        return Answer(answer_id, key, verdict, label, reviewer, at, Reason.REVIEW, "", 1.5)

    return build


def path_of_split(split: str, folder: str = "") -> str:
    """Return a path that is drawn for a split."""
    paths = (f"{folder}{number}.png" for number in range(1000))
    return next(path for path in paths if split_of(path) == split)
