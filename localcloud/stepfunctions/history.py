"""Record the events of an execution, in the format of GetExecutionHistory.

Histories of executions that ended some time ago are compressed. The 25 KB of an image shrink to a
sixth, and cost little when the state is saved.
"""

import base64
import json
import lzma
from collections import deque
from threading import Lock
from typing import Any

from localcloud.stepfunctions.clock import now

type Event = dict[str, Any]

# Users mostly read a history soon after its execution ends.
UNPACKED = 200
# Source: "Service quotas", Maximum execution history size, for STANDARD workflows.
MAX_EVENTS = 25_000


class History:
    """Events, numbered from 1.

    Args:
        saved: the saved form from `saved_form`.
    """

    def __init__(self, saved: str | list[Event] | None = None) -> None:
        self._lock = Lock()
        self._events: str | list[Event] = saved if saved is not None else []

    def add(self, kind: str, previous: int | None = None, **details: Any) -> int:
        """Add an event; return its id.

        Args:
            kind: the type of the event, as in the API.
            previous: the id of the event before it in the same branch; None is the last event.
            details: the member with the details, if the type has them.
        """
        with self._lock:
            events = self._unpacked()
            number = len(events) + 1
            before = number - 1 if previous is None else previous
            event = {"timestamp": now(), "type": kind, "id": number, "previousEventId": before}
            events.append(event | details)
            return number

    @property
    def events(self) -> list[Event]:
        """Return all events."""
        with self._lock:
            return list(self._unpacked())

    @property
    def is_packed(self) -> bool:
        """Return whether the history is packed."""
        return isinstance(self._events, str)

    @property
    def is_full(self) -> bool:
        """Return whether the history has the most events that Step Functions allows."""
        return len(self._events) >= MAX_EVENTS and not self.is_packed

    def pack(self) -> None:
        """Pack the events."""
        with self._lock:
            if isinstance(self._events, list):
                # An image occurs several times: LZMA finds all copies, zlib looks back only 32 KB.
                packed = lzma.compress(json.dumps(self._events).encode(), preset=0)
                self._events = base64.b64encode(packed).decode()

    def saved_form(self) -> str | list[Event]:
        """Return the saved form of the history."""
        with self._lock:
            return self._events if isinstance(self._events, str) else list(self._events)

    def _unpacked(self) -> list[Event]:
        if isinstance(self._events, str):
            self._events = json.loads(lzma.decompress(base64.b64decode(self._events)))
        assert isinstance(self._events, list)
        return self._events


class Packer:
    """Pack histories when enough newer histories exist."""

    def __init__(self, unpacked: int = UNPACKED) -> None:
        self._unpacked = unpacked
        self._recent: deque[History] = deque()
        self._lock = Lock()

    def later(self, history: History) -> None:
        """Pack an ended history when enough newer histories exist."""
        with self._lock:
            self._recent.append(history)
            while len(self._recent) > self._unpacked:
                self._recent.popleft().pack()
