"""What a test or a soak says to the faults of a local cloud."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from localcloud.faults.plan import InvalidPlanError, Plan, Target

# Healing makes the deliveries that are held back before it answers.
_TIMEOUT_SECONDS = 60.0


class FaultsOffError(Exception):
    """The local cloud runs without faults: start it with `python -m localcloud up --faults`."""


class Faults:
    """The faults of a local cloud. Every method raises FaultsOffError where they are not switched on.

    Args:
        url: where the local cloud is.
        subject_members: the members of an application's input that name its subject, an S3 URL.
    """

    def __init__(self, url: str, subject_members: Iterable[str] = ()) -> None:
        self._subject_members = tuple(subject_members)
        self._url = f"{url}/_local/faults"
        self._opener = build_opener(ProxyHandler({}))

    def plan(
        self, seed: int, rates: Mapping[str, float] | None = None, targets: Iterable[Target] = ()
    ) -> None:
        """Replace what goes wrong, and set the counts to zero.

        Args:
            seed: the same seed strikes the same subjects again.
            rates: the probability of each kind of `localcloud.faults.kinds.KINDS`.
            targets: faults at exact places, for certain.

        Raises:
            InvalidPlanError: with the reason.
        """
        plan = Plan(seed, rates or {}, tuple(targets), self._subject_members)
        self._call("PUT", json.dumps(plan.document()).encode())

    def injected(self) -> dict[str, int]:
        """Return how many faults of each kind struck since the plan came; kinds that did not strike are left out."""
        counts: dict[str, int] = self.report()["injected"]
        return counts

    def report(self) -> dict[str, Any]:
        """Return the members of the plan in force, and the counts as "injected"."""
        return self._call("GET")

    def passed(self, kind: str) -> dict[str, int]:
        """Return, by subject, how often it came by where a kind can strike, since the plan came; struck or not."""
        return self._call("GET", path=f"/passed/{kind}")

    def put_clock_ahead(self, seconds: float) -> None:
        """Have metrics and alarms live so much later than they do; 0 brings them back."""
        self._call("PUT", json.dumps({"seconds": seconds}).encode(), path="/clock")

    def heal(self) -> dict[str, int]:
        """Inject nothing more and deliver what is held back; return the counts."""
        counts: dict[str, int] = self._call("DELETE")["injected"]
        return counts

    def _call(self, method: str, body: bytes | None = None, path: str = "") -> dict[str, Any]:
        request = Request(  # noqa: S310
            self._url + path, body, {"content-type": "application/json"}, method=method
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                answered: dict[str, Any] = json.load(answer)
        except HTTPError as exc:
            with exc:
                if exc.code == HTTPStatus.NOT_FOUND:
                    raise FaultsOffError(FaultsOffError.__doc__) from exc
                if exc.code == HTTPStatus.BAD_REQUEST:
                    raise InvalidPlanError(exc.read().decode()) from exc
                raise
        return answered
