"""The plan in force, and the counts of what came by and of what was struck."""

from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import Any

from localcloud.faults.kinds import Point
from localcloud.faults.plan import Plan, chance, strikes
from localcloud.faults.subjects import find_subject, find_subject_in_text


@dataclass(frozen=True)
class Strike:
    """A fault that strikes now; ``draw``, in [0, 1), settles its details, such as how late an answer is."""

    kind: str
    draw: float


class Injector:
    """Decides, for every thread, what is struck; without a plan nothing is."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._plan = Plan()
        self._passed: Counter[tuple[Point, str]] = Counter()
        self._injected: Counter[str] = Counter()

    def follow(self, plan: Plan) -> None:
        """Put another plan in force, and count anew."""
        with self._lock:
            self._plan = plan
            self._passed.clear()
            self._injected.clear()

    def heal(self) -> None:
        """Inject nothing more; the counts stay."""
        with self._lock:
            self._plan = Plan(self._plan.seed, subject_members=self._plan.subject_members)

    def subject_of(self, document: Any) -> str | None:
        """Return the subject of a document, as the plan in force names it; None without a subject."""
        return find_subject(document, self._plan.subject_members)

    def subject_in(self, text: str) -> str | None:
        """Return the subject of a JSON text, as `subject_of`."""
        return find_subject_in_text(text, self._plan.subject_members)

    def strike(self, point: Point, subject: str) -> Strike | None:
        """Count that a subject comes by at a point, and return the fault that strikes it, if one does.

        Subjects are counted at each point by themselves: what struck elsewhere, or whose thread was faster, does not
        change what strikes here.
        """
        with self._lock:
            self._passed[point, subject] += 1
            plan, occurrence = self._plan, self._passed[point, subject]
            kind = next((kind for kind in point if strikes(plan, kind, subject, occurrence)), None)
            if kind is None:
                return None
            self._injected[kind] += 1
            return Strike(kind, chance("draw", plan.seed, kind, subject, occurrence))

    def passed(self, kind: str) -> dict[str, int]:
        """Return how often each subject came by where a kind can strike, since the plan came."""
        counts: Counter[str] = Counter()
        with self._lock:
            for (point, subject), count in self._passed.items():
                if kind in point:
                    counts[subject] += count
        return counts

    def report(self) -> dict[str, Any]:
        """Return the plan in force, and how many faults of each kind it injected."""
        with self._lock:
            return {**self._plan.document(), "injected": dict(self._injected)}
