"""Hold deliveries back until their time, or until all are released."""

from collections.abc import Callable
from threading import Lock, Timer


class HeldDeliveries:
    """Deliver each held delivery exactly once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: dict[object, Callable[[], object]] = {}

    def hold(self, seconds: float, deliver: Callable[[], object]) -> None:
        """Call ``deliver`` from another thread after these seconds, or at `release`."""
        ticket = object()
        with self._lock:
            self._held[ticket] = deliver
        timer = Timer(seconds, self._deliver, [ticket])
        timer.daemon = True
        timer.start()

    def release(self) -> None:
        """Make all held deliveries now, in this thread and in reverse order: they are shuffled."""
        with self._lock:
            tickets = list(self._held)
        for ticket in reversed(tickets):
            self._deliver(ticket)

    def _deliver(self, ticket: object) -> None:
        with self._lock:
            deliver = self._held.pop(ticket, None)
        if deliver is not None:
            deliver()
