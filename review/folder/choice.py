"""Choose the next images of a folder in the background, while people answer.

A thread reads the images in random order, has another process compute their features, and plans
again when it knows more. A page never waits for a plan: it takes the next image of the last one.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cli.errors import CommandError
from review.folder.plan import Known, Next, plan
from review.order.features import FEATURES, Traits
from review.order.selection import Floats, cluster_space

FIRST = 64  # images that are read before the first plan
READ_AT_ONCE = 16
MOST = 50_000  # images whose features are kept: 5 KB each
ANSWERS = 20  # between two plans


@dataclass(frozen=True)
class State:
    """What the queue knows at the moment: images with an answer or on a page, and the classes."""

    taken: Sequence[int]
    labels: Mapping[int, int]
    answers: int


class Choice:
    """The order of the training images of a folder, as the last plan has it.

    `step` does one piece of work; `start` calls it in a thread. Only one thread may call it.
    """

    def __init__(
        self,
        images: Sequence[int],
        read: Callable[[int], bytes],
        traits: Callable[[Sequence[bytes]], Sequence[Traits | None]],
        state: Callable[[], State],
        classes: int,
    ) -> None:
        """Prepare the choice.

        Args:
            images: Numbers of the images that may train, in random order.
            read: Reads an image. Raises CommandError if its file is gone or has changed.
            traits: Computes the traits of images.
            state: Returns what the queue knows.
        """
        self._images = list(images)[:MOST]
        self._read, self._traits, self._state, self._classes = read, traits, state, classes
        self._features = np.empty((len(self._images), FEATURES), np.float16)
        self._hashes = np.zeros(len(self._images), np.uint64)
        self._points: Floats = np.empty((0, 1))
        self._seen: list[int] = []  # places of the images that were read and decoded
        self._begun = 0  # images that were read, or tried
        self._planned = _Planned(0, 0)
        self.order: list[Next] = []  # of the last plan; replaced as a whole
        self.undecodable: set[int] = set()
        self.ready = threading.Event()  # set once there is a plan, or nothing to plan
        self._wake = threading.Event()
        self._ended = False

    @property
    def read(self) -> int:
        """The number of images that were read so far."""
        return self._begun

    def start(self) -> None:
        """Work in a thread until `end`."""
        threading.Thread(target=self._run, daemon=True, name="choose images").start()

    def end(self) -> None:
        """Let the thread end."""
        self._ended = True
        self._wake.set()

    def answered(self) -> None:
        """Look whether a new answer makes a new plan due."""
        self._wake.set()

    def step(self) -> bool:
        """Read some images or plan; return False if nothing is left to do for now."""
        state = self._state()
        if self._is_due(state):
            self._plan(state)
            return True
        if self._begun < len(self._images):
            self._read_more()
            return True
        self.ready.set()
        return False

    def _run(self) -> None:
        while not self._ended:
            self._wake.clear()
            if not self.step():
                self._wake.wait()

    def _is_due(self, state: State) -> bool:
        """Return whether a plan would know twice as many images, or 20 answers more."""
        all_read = self._begun == len(self._images)
        new = len(self._seen) - self._planned.images
        if self._planned.images == 0:
            return bool(new) and (new >= FIRST or all_read)
        if new and (all_read or new >= self._planned.images):
            return True
        return abs(state.answers - self._planned.answers) >= ANSWERS

    def _read_more(self) -> None:
        places = range(self._begun, min(self._begun + READ_AT_ONCE, len(self._images)))
        contents: dict[int, bytes] = {}
        for place in places:
            with contextlib.suppress(CommandError):  # the file is gone; the page says so if asked
                contents[place] = self._read(self._images[place])
        found = self._traits(list(contents.values()))
        for place, traits in zip(contents, found, strict=True):
            if traits is None:
                self.undecodable.add(self._images[place])
                continue
            self._features[place], self._hashes[place] = traits.features, traits.image_hash
            self._seen.append(place)
        self._begun = places.stop

    def _plan(self, state: State) -> None:
        seen = np.array(self._seen)
        if len(self._points) != len(seen):
            self._points = cluster_space(self._features[seen].astype(np.float32))
        at = {self._images[place]: number for number, place in enumerate(self._seen)}
        known = Known(
            features=self._features[seen],
            points=self._points,
            hashes=self._hashes[seen],
            allowed=range(len(seen)),
            taken=[at[image] for image in state.taken if image in at],
            labels={at[image]: label for image, label in state.labels.items() if image in at},
            classes=self._classes,
        )
        self.order = [
            replace(one, image=self._images[self._seen[one.image]]) for one in plan(known)
        ]
        self._planned = _Planned(len(seen), state.answers)
        self.ready.set()


@dataclass(frozen=True)
class _Planned:
    """What the last plan knew: images, and answers."""

    images: int
    answers: int
