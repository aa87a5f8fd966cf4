"""Whether an execution, or a branch of it, still goes on; waits end when it does not."""

import threading
import time

from localcloud.stepfunctions.errors import ExecutionOverError, ExecutionTimedOutError


class Life:
    """Lives until it is ended, or the life that it is a part of.

    Args:
        parent: the life that it is a part of.
        seconds: how long the execution may take; None is no limit.
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
        """End this life and all that are part of it."""
        self._over.set()
        for part in list(self._parts):
            part.end()

    @property
    def is_over(self) -> bool:
        """Return whether it was ended."""
        return self._over.is_set()

    def require(self) -> None:
        """Return if it goes on.

        Raises:
            ExecutionOverError: it was ended.
            ExecutionTimedOutError: the execution has taken too long.
        """
        if self._over.is_set():
            raise ExecutionOverError
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise ExecutionTimedOutError

    def remaining(self, seconds: float | None) -> float | None:
        """Return `seconds`, or what is left until the execution has taken too long if that is less."""
        if self._deadline is None:
            return seconds
        left = max(self._deadline - time.monotonic(), 0)
        return left if seconds is None else min(left, seconds)

    def wait(self, seconds: float) -> None:
        """Wait, and return if it still goes on. Raises as `require` does."""
        if seconds > 0:
            self._over.wait(self.remaining(seconds))
        self.require()
