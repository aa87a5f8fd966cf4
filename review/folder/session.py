"""Open a folder for labelling, and write the manifests of its answers."""

import random
import shlex
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.console import number_of
from review.errors import ImageGoneError
from review.folder.answer_file import AnswerFile, AnswerFileError
from review.folder.answers import (
    ANSWERS,
    LABELS,
    OTHERS,
    OWN,
    FolderAnswer,
    classes_line,
    last_classes,
    standing_answers,
    write_manifests,
)
from review.folder.choice import Choice
from review.folder.classes import ClassesError
from review.folder.files import Files, FolderPictures, Listing
from review.folder.queue import FolderQueue
from review.order.features import FeatureProcess, FeaturesUnavailableError
from untrusted.console import Console

SHUFFLED = 0  # seed of the random order, so that a second start goes on in the same order
BETWEEN_MANIFESTS = 1.0  # seconds


@dataclass(frozen=True)
class Session:
    """A folder that is being labelled."""

    folder: Path
    queue: FolderQueue
    pictures: FolderPictures
    images: int
    notes: list[str] = field(default_factory=list)

    @property
    def greeting(self) -> str:
        """A sentence with the number of images and answers."""
        answered = number_of(len(self.queue.answers), "answer")
        return f"{number_of(self.images, 'file')} in {self.folder}, {answered} so far."

    def result(self) -> dict[str, Any]:
        """Return the numbers of answers, and the manifests."""
        answers = [stored.answer for stored in self.queue.answers]
        counts = {
            name: sum(answer.label == name for answer in answers) for name in self.queue.classes
        }
        return {
            "folder": str(self.folder),
            "images": self.images,
            "answers": len(answers),
            "classes": counts,
            "manifests": [str(path) for path in self.manifests()],
        }

    def manifests(self) -> list[Path]:
        """Return the manifests that exist."""
        return [path for name in (LABELS, OTHERS) if (path := self.folder / name).exists()]

    def write(self) -> None:
        """Write the manifests.

        Raises:
            AnswerFileError: The folder cannot be written. The file of answers has all answers.
        """
        try:
            write_manifests(self.folder, self.queue.answers, self.queue.classes)
        except OSError as exc:
            raise AnswerFileError(f"{self.folder}: {exc.strerror}.") from exc


@contextmanager
def opened(folder: Path, classes: tuple[str, ...], console: Console) -> Iterator[Session]:
    """Open a folder, and write its manifests while people answer and at the end.

    Args:
        classes: Names of the classes, or none for those of the last time.

    Raises:
        ClassesError: There are no classes.
        FolderNotReadableError, AnswerFileError, FolderInUseError: The class says what happened.
    """
    files = Files(folder)
    listing = files.list(OWN)
    path = folder / ANSWERS
    if not classes and not path.exists():
        raise ClassesError
    with AnswerFile(path) as answer_file:
        known = classes or last_classes(answer_file.lines)
        if not known:
            raise ClassesError
        if known != last_classes(answer_file.lines):
            answer_file.append(classes_line(known))
        session = _session(files, listing, known, answer_file)
        for note in session.notes:
            console.print(note)
        with _choosing(session.queue, console) as choice:
            try:
                with _manifests(session, choice):
                    yield session
            finally:
                _say_goodbye(session, choice, console)


def _session(
    files: Files, listing: Listing, classes: tuple[str, ...], answer_file: AnswerFile
) -> Session:
    try:
        stored = standing_answers(answer_file.lines)
    except (KeyError, TypeError, ValueError) as exc:
        message = f"{answer_file.path}: a line is not an answer. {AnswerFileError.__doc__}"
        raise AnswerFileError(message) from exc

    keys = list(listing.keys)
    random.Random(SHUFFLED).shuffle(keys)  # noqa: S311 - not a secret
    answers = {path: found for path, found in stored.items() if _is_there(files, found)}
    queue = FolderQueue(files, keys, classes, answer_file, answers)
    pictures = FolderPictures(files, frozenset(key.image_url for key in keys))
    notes = _notes(listing, stored, answers, classes)
    return Session(files.folder, queue, pictures, len(keys), notes)


def _is_there(files: Files, found: FolderAnswer) -> bool:
    """Return whether the file that an answer is about still exists with the same content."""
    try:
        key = files.key(found.answer.key.image_url)
        return key.version == found.answer.key.version or files.digest(key) == found.digest
    except ImageGoneError:
        return False


def _notes(
    listing: Listing,
    stored: Mapping[str, FolderAnswer],
    answers: Mapping[str, FolderAnswer],
    classes: tuple[str, ...],
) -> list[str]:
    """Return what a user should know about files and answers that are not used."""
    notes = []
    if listing.left_out:
        number = number_of(len(listing.left_out), "name")
        notes.append(
            f"{number} left out, such as {listing.left_out[0]!r}: rename the files to UTF-8"
            " without outer spaces."
        )
    if lost := len(stored) - len(answers):
        number = number_of(lost, "answer")
        notes.append(f"{number} kept in {ANSWERS}, but not used: the file was deleted or changed.")
    labels = {found.answer.label for found in answers.values()} - {None}
    if others := sorted(str(label) for label in labels - set(classes)):
        notes.append(
            f"Answers of other classes stay in {ANSWERS} and out of {LABELS}: {', '.join(others)}."
            " Name these classes with --classes to use them."
        )
    return notes


@contextmanager
def _choosing(queue: FolderQueue, console: Console) -> Iterator[Choice | None]:
    """Choose images in the background, or say why they come in random order."""
    try:
        process = FeatureProcess()
    except FeaturesUnavailableError as exc:
        console.print(f"{exc} Until then images come in random order.")
        yield None
        return
    images = queue.training
    choice = Choice(images, queue.content, process.traits, queue.state, len(queue.classes))
    queue.choice = choice
    choice.start()
    try:
        yield choice
    finally:
        choice.end()
        process.close()


@contextmanager
def _manifests(session: Session, choice: Choice | None) -> Iterator[None]:
    """Write the manifests now, soon after each answer, and at the end."""
    session.write()
    due, ended = threading.Event(), threading.Event()

    def write() -> None:
        while not ended.wait(BETWEEN_MANIFESTS):
            due.wait()
            due.clear()
            with suppress(AnswerFileError):  # the end of the session says so
                session.write()

    def changed() -> None:
        due.set()
        if choice:
            choice.answered()

    session.queue.changed = changed
    writer = threading.Thread(target=write, daemon=True, name="write manifests")
    writer.start()
    try:
        yield
    finally:
        ended.set()
        due.set()
        writer.join()
        session.write()


def _say_goodbye(session: Session, choice: Choice | None, console: Console) -> None:
    console.print(f"{session.greeting} The answers are in {session.folder / ANSWERS}.")
    if choice and choice.undecodable:
        number = number_of(len(choice.undecodable), "file")
        console.print(f"{number} cannot be decoded as images and were not shown.")
    labels, others = session.folder / LABELS, session.folder / OTHERS
    if labels.exists():
        more = ["--other", str(others)] if others.exists() else []
        console.print(f"Next: {shlex.join(['scones', 'stage', str(labels), *more])}")
