"""Compute features of waiting images in the background, the most useful images first."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from threading import Condition, Thread
from typing import Any

import numpy as np
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CommandError
from review.images import ImageKey
from review.order.features import Traits
from review.order.selection import ClusterSpace, Floats

READ_AT_ONCE = 8
MOST = 4_000  # images whose features are kept: 5 KB each
FEWEST = 2 * READ_AT_ONCE  # images that determine the first cluster space


class WaitingFeatures:
    """Points of images in a cluster space. `points` has those that are known so far."""

    def __init__(
        self,
        read: Callable[[ImageKey], bytes],
        traits: Callable[[Sequence[bytes]], Sequence[Traits | None]],
    ) -> None:
        """Start without images.

        Args:
            read: Reads the picture of an image.
            traits: Computes the traits of pictures.
        """
        self.points: Mapping[ImageKey, Floats] = {}  # replaced as a whole
        self._read, self._traits = read, traits
        self._known: OrderedDict[ImageKey, Traits | None] = OrderedDict()
        self._wanted: list[ImageKey] = []
        self._changed = Condition()
        self._space: ClusterSpace | None = None
        self._determined_by = 0  # images that determined the space

    def start(self) -> None:
        """Work in a thread that ends with the process."""
        Thread(target=self._run, daemon=True, name="features of waiting images").start()

    def want(self, keys: Sequence[ImageKey]) -> None:
        """Ask for these images next, the most useful first, instead of those of before."""
        with self._changed:
            self._wanted = [key for key in keys if key not in self._known]
            self._changed.notify()

    def learn(self) -> None:
        """Compute the features of the next images."""
        with self._changed:
            keys, self._wanted = self._wanted[:READ_AT_ONCE], self._wanted[READ_AT_ONCE:]
        pictures = {key: data for key in keys if (data := self._picture(key)) is not None}
        found = dict(zip(pictures, self._traits(list(pictures.values())), strict=True))
        with self._changed:
            self._known.update({key: found.get(key) for key in keys})
            forget_oldest(self._known)
            known = {key: one.features for key, one in self._known.items() if one}
        self._place(known)

    def _place(self, known: Mapping[ImageKey, Floats]) -> None:
        """Place the images in the cluster space, which twice as many images determine again."""
        if len(known) < FEWEST:
            return
        if self._space is None or len(known) >= 2 * self._determined_by:
            self._space = ClusterSpace.of(_rows(known))
            self._determined_by = len(known)
            self.points = {}
        points = {key: point for key, point in self.points.items() if key in known}
        new = {key: one for key, one in known.items() if key not in points}
        if new:
            points.update(zip(new, self._space.points(_rows(new)), strict=True))
        self.points = points

    def _picture(self, key: ImageKey) -> bytes | None:
        try:
            return self._read(key)
        except (CommandError, ClientError, BotoCoreError):  # the page says so when it shows it
            return None

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted)
            self.learn()


def forget_oldest(known: OrderedDict[ImageKey, Any]) -> None:
    """Limit the memory that images take."""
    while len(known) > MOST:
        known.popitem(last=False)


def _rows(known: Mapping[ImageKey, Floats]) -> Floats:
    return np.stack(list(known.values())).astype(np.float32)
