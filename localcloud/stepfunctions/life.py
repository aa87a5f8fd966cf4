"""Track whether an execution or a branch continues, and end its waits."""

import threading
import time

from localcloud.stepfunctions.errors import ExecutionOverError, ExecutionTimedOutError


class Life:
    """A life that ends by itself or with its parent.

    Args:
        parent: the outer life.
        seconds: the time limit of the execution; without a limit None.
    """

    def __init__(self, parent: "Life | None" = None, seconds: float | None = None) -> None:
        self._over = threading.Event()
        self._parts: list[Life] = []
        self._deadline: float | None = parent._deadline if parent else None
        if seconds is not None:
            self._deadline = time.monotonic() + seconds

        if parent is not None:
            parent._parts.append(self)
            if parent._over.is_set():
                self._over.set()

    def end(self) -> None:
        """End this life and its inner lives."""
        self._over.set()
        for part in list(self._parts):
            part.end()

    @property
    def is_over(self) -> bool:
        """Return whether the life has ended."""
        return self._over.is_set()

    def require(self) -> None:
        """Return if the life continues.

        Raises:
            ExecutionOverError: the life has ended.
            ExecutionTimedOutError: the execution exceeded its time limit.
        """
        if self._over.is_set():
            raise ExecutionOverError
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise ExecutionTimedOutError

    def remaining(self, seconds: float | None) -> float | None:
        """Return `seconds`, or the shorter time until the limit of the execution."""
        if self._deadline is None:
            return seconds
        left = max(self._deadline - time.monotonic(), 0)
        return left if seconds is None else min(left, seconds)

    def wait(self, seconds: float) -> None:
        """Wait, and return if the life continues. Raises as `require` does."""
        if seconds > 0:
            self._over.wait(self.remaining(seconds))
        self.require()
