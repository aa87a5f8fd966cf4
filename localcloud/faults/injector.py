"""Apply the plan in force, and count subjects and faults."""

from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import Any

from localcloud.faults.kinds import Point
from localcloud.faults.plan import Plan, chance, strikes
from localcloud.faults.subjects import find_subject, find_subject_in_text


@dataclass(frozen=True)
class Strike:
    """A fault that strikes now; ``draw``, in [0, 1), settles its details, such as a delay."""

    kind: str
    draw: float


class Injector:
    """Decide for every thread which fault strikes; without a plan none strikes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._plan = Plan()
        self._passed: Counter[tuple[Point, str]] = Counter()
        self._injected: Counter[str] = Counter()

    def follow(self, plan: Plan) -> None:
        """Replace the plan in force, and reset the counts."""
        with self._lock:
            self._plan = plan
            self._passed.clear()
            self._injected.clear()

    def heal(self) -> None:
        """Stop injecting; the counts stay."""
        with self._lock:
            self._plan = Plan(self._plan.seed, subject_members=self._plan.subject_members)

    def subject_of(self, document: Any) -> str | None:
        """Return the subject of a document by the plan in force, or None."""
        return find_subject(document, self._plan.subject_members)

    def subject_in(self, text: str) -> str | None:
        """Return the subject of a JSON text, as `subject_of`."""
        return find_subject_in_text(text, self._plan.subject_members)

    def strike(self, point: Point, subject: str) -> Strike | None:
        """Count a subject at a point, and return the fault that strikes it, or None.

        Each point counts subjects for itself. Faults elsewhere and the order of threads do not
        change the faults here.
        """
        with self._lock:
            self._passed[point, subject] += 1
            plan = self._plan
            occurrence = self._passed[point, subject]
            kind = next((kind for kind in point if strikes(plan, kind, subject, occurrence)), None)
            if kind is None:
                return None
            self._injected[kind] += 1
            return Strike(kind, chance("draw", plan.seed, kind, subject, occurrence))

    def passed(self, kind: str) -> dict[str, int]:
        """Return how often each subject passed a point where a kind can strike, since the plan
        came.
        """
        counts: Counter[str] = Counter()
        with self._lock:
            for (point, subject), count in self._passed.items():
                if kind in point:
                    counts[subject] += count
        return counts

    def report(self) -> dict[str, Any]:
        """Return the plan in force and the number of injected faults of each kind."""
        with self._lock:
            return {**self._plan.document(), "injected": dict(self._injected)}
