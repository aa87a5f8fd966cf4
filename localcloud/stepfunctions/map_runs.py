"""Count the child executions of a Distributed Map while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from uuid import uuid4

from localcloud.stepfunctions.clock import now
from localcloud.stepfunctions.executions import ABORTED, FAILED, RUNNING, SUCCEEDED, Execution

_COUNTS = [
    "pending",
    "running",
    "succeeded",
    "failed",
    "timedOut",
    "aborted",
    "total",
    "resultsWritten",
    "failuresNotRedrivable",
    "pendingRedrive",
]
_COUNTED_AS = {"SUCCEEDED": "succeeded", "FAILED": "failed", "TIMED_OUT": "timedOut"}


@dataclass(frozen=True)
class Tolerance:
    """The tolerated failures of a map: a number, a percentage or both; without them 0."""

    count: float | None = None
    percentage: float | None = None

    def is_exceeded(self, failed: int, total: int) -> bool:
        """Return whether too many items have failed."""
        if self.count is None and self.percentage is None:
            return failed > 0
        return (self.count is not None and failed > self.count) or (
            self.percentage is not None and failed * 100 > self.percentage * total
        )


@dataclass(eq=False)
class MapRun:
    """A run of one Map state.

    Args:
        parent: the execution of the Map state.
        machine_arn: the state machine of the children: the parent's ARN, a slash, the map's label.
        processor: the ItemProcessor of the state; None for a run of an earlier process.
        tolerance: the tolerated failures.
        concurrency: the most children at once; 0 is the limit of the interpreter.
    """

    parent_arn: str
    machine_arn: str
    tolerance: Tolerance
    concurrency: int
    parent: Execution | None = None
    processor: Mapping[str, Any] = field(default_factory=dict)
    total: int = 0
    arn: str = ""
    status: str = RUNNING
    started: float = field(default_factory=now)
    stopped: float | None = None
    counts: dict[str, int] = field(default_factory=dict)
    children: dict[int, Execution] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Begin without items."""
        self._lock = Lock()
        self.arn = self.arn or f"{self.machine_arn.replace(':stateMachine:', ':mapRun:')}:{uuid4()}"
        if not self.counts:
            self.counts = dict.fromkeys(_COUNTS, 0)

    @property
    def ordered(self) -> list[Execution]:
        """Return the children in the order of their items; fewer if the run ended early."""
        return [child for _, child in sorted(self.children.items())]

    @property
    def may_start_more(self) -> bool:
        """Return whether more children may start."""
        assert self.parent is not None
        return self.parent.is_running and not self.failed_too_often

    @property
    def failed_too_often(self) -> bool:
        """Return whether more items have failed than tolerated."""
        return self.tolerance.is_exceeded(self.counts["failed"], self.total)

    def expect(self, total: int) -> None:
        """Note the number of items, which are all pending."""
        self.total = total
        self.counts |= {"total": total, "pending": total}

    def fail(self) -> None:
        """End a run whose items cannot be read, or whose results cannot be written."""
        self.status = FAILED
        self.stopped = now()

    def begin(self, index: int, child: Execution) -> None:
        """Note that the child of an item begins."""
        with self._lock:
            self.children[index] = child
            self._move("pending", "running")

    def count_end(self, child: Execution) -> None:
        """Note the status of an ended child."""
        with self._lock:
            self._move("running", _COUNTED_AS.get(child.status, "aborted"))

    def count_written(self) -> None:
        """Note that the results of all children were written."""
        self.counts["resultsWritten"] = len(self.children)

    def end(self) -> None:
        """Give the run the status of its end."""
        assert self.parent is not None
        if not self.parent.is_running:
            self.status = ABORTED
        else:
            self.status = FAILED if self.failed_too_often else SUCCEEDED
        self.stopped = now()

    def abort(self) -> None:
        """End a run that an earlier process left running."""
        if self.status == RUNNING:
            self.status = ABORTED
            self.stopped = now()

    def saved_form(self) -> dict[str, Any]:
        """Return the saved form of the run."""
        names = [
            "parent_arn",
            "machine_arn",
            "total",
            "concurrency",
            "arn",
            "status",
            "started",
            "stopped",
            "counts",
        ]
        tolerance = {"count": self.tolerance.count, "percentage": self.tolerance.percentage}
        return {name: getattr(self, name) for name in names} | {"tolerance": tolerance}

    def _move(self, before: str, after: str) -> None:
        self.counts[before] -= 1
        self.counts[after] += 1


def restore_run(saved: Mapping[str, Any]) -> MapRun:
    """Return the run from its saved form."""
    return MapRun(**{**saved, "tolerance": Tolerance(**saved["tolerance"])})
