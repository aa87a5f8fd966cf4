"""The queue of a folder: its images, leases in memory, and answers in the file of answers."""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

from review.errors import AnsweredElsewhereError, ImageGoneError, NothingToUndoError
from review.folder.answer_file import AnswerFile
from review.folder.answers import FolderAnswer, answer_line, split_of, undo_line
from review.folder.choice import Choice, State
from review.folder.files import FileChangedError, Files
from review.folder.leases import Leases
from review.folder.plan import Next, described
from review.images import Answer, ImageKey, InvalidAnswerError, Reason, Verdict, WaitingImage
from review.order.walls import choose_wall
from review.reviewer import Reviewer
from training.dataset.dataset import TRAIN

HELD_OUT_SHARE = 0.2  # of the images on the page; they calibrate and test, as `stage` splits
EARLY = 4  # held-out images that a page gets before the first plan, since they need no plan
PATIENCE = 8.0  # seconds that a page waits for the first plan; then images come in random order


class FolderQueue:
    """The images of a folder that wait for an answer. Any thread may call any method."""

    def __init__(
        self,
        files: Files,
        keys: Sequence[ImageKey],
        classes: tuple[str, ...],
        answer_file: AnswerFile,
        answers: Mapping[str, FolderAnswer],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with the answers that stand, by path.

        Args:
            keys: All images, in random order.
            clock: Seconds that only grow.
        """
        self.classes = classes
        self.choice: Choice | None = None  # without one, images come in random order
        self.changed: Callable[[], None] = _nothing  # called after each answer and undo
        self._files, self._file = files, answer_file
        self._keys = list(keys)
        self._numbers = {key.image_url: number for number, key in enumerate(keys)}
        self._trains = [split_of(key.image_url) == TRAIN for key in keys]
        self._answers = {self._numbers[path]: found for path, found in answers.items()}
        self._leases = Leases(clock)
        self._shown: dict[int, Next | None] = {}  # how answered images were shown, for an undo
        self._lock = threading.RLock()
        self._given = 0  # answers and undos of this session

    @property
    def training(self) -> list[int]:
        """The numbers of the images that may train, in random order."""
        return [number for number, trains in enumerate(self._trains) if trains]

    @property
    def answers(self) -> list[FolderAnswer]:
        """The answers that stand."""
        with self._lock:
            return list(self._answers.values())

    def content(self, image: int) -> bytes:
        """Read an image by its number.

        Raises:
            ImageGoneError: The file is gone or has changed.
        """
        return self._files.content(self._keys[image])

    def state(self) -> State:
        """Return what the choice of images needs to know."""
        with self._lock:
            labels = {
                number: self.classes.index(str(found.answer.label))
                for number, found in self._answers.items()
                if found.answer.label in self.classes and self._trains[number]
            }
            return State([*self._answers, *self._leases.images], labels, self._given)

    def claim(
        self, reviewer: Reviewer, count: int, held: Collection[ImageKey] = ()
    ) -> list[WaitingImage]:
        """Lease up to `count` images; a page without images gets its leased ones again."""
        planned = not count or self._is_planned()
        if not planned:
            count = min(count, EARLY)
        with self._lock:
            skipped = {self._numbers.get(key.image_url, -1) for key in held}
            own = [one for one in self._leases.of(reviewer) if one.image not in skipped][:count]
            while len(own) < count and (found := self._next(skipped, planned=planned)):
                self._leases.take(reviewer, found)
                own.append(found)
            return [self._waiting(one) for one in own]

    def claim_wall(
        self, reviewer: Reviewer, count: int, held: Collection[ImageKey] = ()
    ) -> list[WaitingImage]:
        """Lease up to `count` images that the model of the answers puts into one class."""
        with self._lock:
            taken = {self._numbers.get(key.image_url, -1) for key in held}
            taken.update(self._answers, self._leases.images)
            planned = self.choice.order if self.choice else []
            shown = {
                self._keys[one.image]: one
                for one in planned
                if one.probabilities and one.image not in taken
            }
            wall = choose_wall(map(self._waiting, shown.values()), count) if count else []
            for image in wall:
                self._leases.take(reviewer, shown[image.key])
            return wall

    def renew(self, reviewer: Reviewer, keys: Sequence[ImageKey]) -> list[ImageKey]:
        """Extend leases; return the images that the page still holds."""
        with self._lock:
            return [
                key
                for key in keys
                if (number := self._numbers.get(key.image_url)) is not None
                and number not in self._answers
                and self._leases.renew(reviewer, number)
            ]

    def release(self, reviewer: Reviewer, keys: Sequence[ImageKey]) -> None:
        """Give images back."""
        with self._lock:
            for key in keys:
                self._leases.release(reviewer, self._numbers.get(key.image_url, -1))

    def answer(self, answer: Answer, _reviewer: Reviewer) -> Reason | None:
        """Store an answer on disk; an answer that is sent again is stored once.

        Raises:
            InvalidAnswerError: The class is not a class of this session.
            AnsweredElsewhereError: The image has another answer.
            ImageGoneError: The file was deleted or has changed.
            AnswerNotStoredError: The disk does not take the line.
        """
        with self._lock:
            number = self._number(answer.key)
            stored = self._answers.get(number)
            if stored and stored.answer.answer_id == answer.answer_id:
                return None
            if stored:
                raise AnsweredElsewhereError
            if answer.verdict == Verdict.CLASS and answer.label not in self.classes:
                raise InvalidAnswerError(f"{answer.label!r:.60}. {InvalidAnswerError.__doc__}")

            complete = FolderAnswer(
                replace(answer, reason=self._reason(number)), self._digest(number, answer.key)
            )
            self._file.append(answer_line(complete))
            self._answers[number] = complete
            self._shown[number] = self._leases.end(number)
            self._changed()
        return None

    def undo(self, key: ImageKey, answer_id: str, reviewer: Reviewer) -> WaitingImage:
        """Take an answer back with a line of its own, and lease its image to the page again.

        Raises:
            NothingToUndoError: There is no such answer of this reviewer.
            AnswerNotStoredError: The disk does not take the line.
        """
        with self._lock:
            number = self._number(key)
            stored = self._answers.get(number)
            given = stored and (stored.answer.answer_id, stored.answer.reviewer)
            if stored is None or given != (answer_id, reviewer.name):
                raise NothingToUndoError
            self._file.append(undo_line(stored.answer, datetime.now(UTC).isoformat()))
            del self._answers[number]
            self._changed()
            shown = self._shown.get(number) or Next(number, stored.answer.reason)
            self._leases.take(reviewer, shown)
            return self._waiting(shown)

    def known_waiting(self) -> dict[Reason, int]:
        """Count the images without an answer, less those that were read and are no images."""
        with self._lock:
            held_out = self._trains.count(False)
            answered = sum(not self._trains[number] for number in self._answers)
            left = self._trains.count(True) - len(self._answers) + answered
            undecodable = len(self._undecodable - self._answers.keys())
            return {Reason.AUDIT: held_out - answered, Reason.REVIEW: left - undecodable}

    def _is_planned(self) -> bool:
        """Return whether training images may come: once there is a plan, or none is expected."""
        if self.choice is None or self.choice.ready.is_set():
            return True
        with self._lock:
            early = len(self._leases.images) < EARLY
        if early:
            return False
        self.choice.ready.wait(PATIENCE)
        return True

    def _next(self, skipped: Collection[int], *, planned: bool) -> Next | None:
        """Return the next free image: one in five is held out, the others come as planned."""
        held_out = (Next(number, Reason.AUDIT) for number in range(len(self._keys)))
        sources = [
            self._planned() if planned else iter(()),
            (one for one in held_out if not self._trains[one.image]),
        ]
        busy = [*self._answers, *self._leases.images]
        held = sum(not self._trains[number] for number in busy)
        if held + 1 <= HELD_OUT_SHARE * (len(busy) + 1):
            sources.reverse()
        not_free = self._undecodable.union(skipped, busy)
        return next((one for one in chain(*sources) if one.image not in not_free), None)

    def _planned(self) -> Iterator[Next]:
        if self.choice:
            yield from self.choice.order
        yield from (Next(number, Reason.SAMPLE) for number in self.training)

    @property
    def _undecodable(self) -> set[int]:
        return self.choice.undecodable if self.choice else set()

    def _number(self, key: ImageKey) -> int:
        number = self._numbers.get(key.image_url)
        if number is None:
            raise ImageGoneError(f"{key.image_url}: {ImageGoneError.__doc__}")
        return number

    def _reason(self, number: int) -> Reason:
        if not self._trains[number]:
            return Reason.AUDIT
        shown = self._leases.shown(number)
        return shown.reason if shown else Reason.SAMPLE

    def _digest(self, number: int, key: ImageKey) -> str:
        """Return the digest of the file that the reviewer saw; a changed file comes again."""
        try:
            return self._files.digest(key)
        except FileChangedError:
            self._keys[number] = self._files.key(key.image_url)
            self._leases.end(number)
            raise

    def _changed(self) -> None:
        self._given += 1
        self.changed()

    def _waiting(self, shown: Next) -> WaitingImage:
        return described(self._keys[shown.image], shown, self.classes)


def _nothing() -> None:
    pass
