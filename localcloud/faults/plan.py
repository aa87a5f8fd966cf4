"""Decide which faults strike, by the plan, the kind, the subject and the number of its passes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from localcloud.faults.kinds import KINDS


class InvalidPlanError(ValueError):
    """The plan is not a JSON object with seed, rates, targets and subject_members."""


@dataclass(frozen=True)
class Target:
    """A fault at an exact place: ``kind`` strikes the subjects whose name contains a text.

    Args:
        kind: the kind of the fault.
        contains: part of the subject's name, the key of an S3 object.
        first: the first pass of the subject that is struck, from 1.
        times: the number of struck passes.
    """

    kind: str
    contains: str
    first: int = 1
    times: int = 1

    def strikes(self, kind: str, subject: str, occurrence: int) -> bool:
        """Return whether this is the place."""
        return (
            kind == self.kind
            and self.contains in subject
            and 0 <= occurrence - self.first < self.times
        )


@dataclass(frozen=True)
class Plan:
    """A plan of faults.

    Args:
        seed: determines the draws.
        rates: the probability of each kind.
        targets: faults at exact places, with certainty.
        subject_members: the members of an application's input that name its subject, an S3 URL.
    """

    seed: int = 0
    rates: Mapping[str, float] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    subject_members: tuple[str, ...] = ()

    @classmethod
    def parse(cls, document: Any) -> "Plan":
        """Read a plan from the control endpoint's JSON.

        Raises:
            InvalidPlanError: a member has a wrong type or value.
        """
        try:
            targets = tuple(Target(**target) for target in document.get("targets", ()))
            members = tuple(document.get("subject_members", ()))
            plan = cls(document.get("seed", 0), dict(document.get("rates", {})), targets, members)
        except (AttributeError, TypeError, ValueError) as exc:
            raise InvalidPlanError(f"{InvalidPlanError.__doc__} ({exc})") from exc

        plan._check()
        return plan

    def document(self) -> dict[str, Any]:
        """Return the plan as JSON of the control endpoint."""
        return asdict(self)

    def _check(self) -> None:
        if unknown := sorted({*self.rates, *(target.kind for target in self.targets)} - set(KINDS)):
            raise InvalidPlanError(
                f"Unknown kinds of faults: {', '.join(unknown)}. Known kinds: {', '.join(KINDS)}."
            )

        numbers = [
            self.seed,
            *(number for target in self.targets for number in (target.first, target.times)),
        ]
        if not all(type(number) is int for number in numbers):
            raise InvalidPlanError(
                "The seed, and `first` and `times` of a target, must be integers."
            )
        if not all(
            isinstance(rate, int | float) and 0 <= rate <= 1 for rate in self.rates.values()
        ):
            raise InvalidPlanError("A rate must be a probability: a number from 0 to 1.")
        if not all(isinstance(target.contains, str) for target in self.targets):
            raise InvalidPlanError("`contains` of a target must be a text.")
        if not all(isinstance(member, str) for member in self.subject_members):
            raise InvalidPlanError("`subject_members` must be texts.")


def strikes(plan: Plan, kind: str, subject: str, occurrence: int) -> bool:
    """Return whether a fault strikes; every run of a plan gives the same answer.

    Args:
        plan: the plan in force.
        kind: one of `KINDS`.
        subject: a name that every run repeats: the key of an S3 object.
        occurrence: the number of the subject's pass, from 1.
    """
    return any(target.strikes(kind, subject, occurrence) for target in plan.targets) or (
        chance(plan.seed, kind, subject, occurrence) < plan.rates.get(kind, 0)
    )


def chance(*what: object) -> float:
    """Return a number in [0, 1) that depends on the arguments only."""
    digest = sha256("\0".join(map(str, what)).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6]) / 2**48  # 48 bits are exact as a float
