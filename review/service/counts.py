"""Keep the numbers of waiting images without counting them for every request.

Counting reads the whole index: 5,000 records are 5 requests. A page that opens must not wait for
that, so the numbers are counted again in the background, and own answers change them at once.
"""

import time
from collections import Counter
from collections.abc import Callable
from threading import Lock, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from review.images import Reason

FRESH = 15.0  # seconds; the answers of other reviewers appear after this time

type Counts = dict[Reason, int]


def in_thread(work: Callable[[], Any]) -> None:
    """Do the work in a thread that ends with the process."""
    Thread(target=work, daemon=True, name="count waiting images").start()


class WaitingCounts:
    """The numbers of waiting images by reason, at most a little out of date.

    Args:
        count: Counts the images.
        background: Starts a function and returns at once.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        count: Callable[[], Counts],
        background: Callable[[Callable[[], None]], None] = in_thread,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._background = background
        self._clock = clock
        self._lock = Lock()
        self._counts: Counts | None = None
        self._counted_at = 0.0
        self._counting = False
        self._moves: Counter[Reason] = Counter()  # of own answers, since the last count began

    def known(self) -> Counts:
        """Return the last numbers; start to count again if they are old. The first call counts."""
        with self._lock:
            known = self._counts
            old = self._clock() - self._counted_at > FRESH
            start = known is not None and old and not self._counting
            self._counting = self._counting or start

        if known is None:
            return self.counted()
        if start:
            self._background(self._recount)
        return dict(known)

    def counted(self) -> Counts:
        """Count the images now."""
        with self._lock:
            self._moves.clear()
        counts = self._count()
        with self._lock:
            # A count may or may not have seen an answer given meanwhile; the next one has.
            self._counts = {
                reason: max(0, counts[reason] + self._moves[reason]) for reason in counts
            }
            self._counted_at = self._clock()
            return dict(self._counts)

    def move(self, before: Reason | None, after: Reason | None) -> None:
        """Apply an own answer or undo: an image waits for another reason, or not at all."""
        change: Counter[Reason] = Counter()
        if before is not None:
            change[before] -= 1
        if after is not None:
            change[after] += 1

        with self._lock:
            for reason, number in change.items():
                self._moves[reason] += number
                if self._counts is not None:
                    self._counts[reason] = max(0, self._counts.get(reason, 0) + number)

    def _recount(self) -> None:
        try:
            self.counted()
        except (BotoCoreError, ClientError):
            pass  # the page's next request has the same trouble, and reports it
        finally:
            with self._lock:
                self._counting = False
