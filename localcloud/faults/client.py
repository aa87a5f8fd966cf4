"""Control the faults of a local cloud from a test."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from localcloud.faults.plan import InvalidPlanError, Plan, Target

# Healing delivers the held events before it answers.
_TIMEOUT_SECONDS = 60.0


class FaultsOffError(Exception):
    """The local cloud runs without faults: start it with `python -m localcloud up --faults`."""


class Faults:
    """The faults of a local cloud. Every method raises FaultsOffError if faults are off.

    Args:
        url: the address of the local cloud.
        subject_members: the members of an application's input that name its subject, an S3 URL.
    """

    def __init__(self, url: str, subject_members: Iterable[str] = ()) -> None:
        self._subject_members = tuple(subject_members)
        self._url = f"{url}/_local/faults"
        self._opener = build_opener(ProxyHandler({}))

    def plan(
        self, seed: int, rates: Mapping[str, float] | None = None, targets: Iterable[Target] = ()
    ) -> None:
        """Replace the plan, and set the counts to zero.

        Args:
            seed: the same seed strikes the same subjects again.
            rates: the probability of each kind of `localcloud.faults.kinds.KINDS`.
            targets: faults at exact places, with certainty.

        Raises:
            InvalidPlanError: with the reason.
        """
        plan = Plan(seed, rates or {}, tuple(targets), self._subject_members)
        self._call("PUT", json.dumps(plan.document()).encode())

    def injected(self) -> dict[str, int]:
        """Return the number of faults of each kind since the plan came, without kinds at zero."""
        counts: dict[str, int] = self.report()["injected"]
        return counts

    def report(self) -> dict[str, Any]:
        """Return the members of the plan in force, and the counts as "injected"."""
        return self._call("GET")

    def passed(self, kind: str) -> dict[str, int]:
        """Return how often each subject passed a point where a kind can strike, struck or not."""
        return self._call("GET", path=f"/passed/{kind}")

    def put_clock_ahead(self, seconds: float) -> None:
        """Move the clock of metrics and alarms ahead by these seconds; 0 resets it."""
        self._call("PUT", json.dumps({"seconds": seconds}).encode(), path="/clock")

    def heal(self) -> dict[str, int]:
        """Stop injecting, and deliver the held events; return the counts."""
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
