"""Deliver events of S3 twice, late, in another order, or not at all."""

import json
from collections.abc import Callable, Mapping
from contextvars import copy_context
from functools import partial
from time import time
from typing import Any

from ministack.services import eventbridge

from localcloud.faults.held import HeldDeliveries
from localcloud.faults.injector import Injector, Strike
from localcloud.faults.kinds import DELIVERY, EVENT
from localcloud.ministack.eventbridge.dead_letters import UndeliveredError, bury
from localcloud.ministack.patch import wrap

_SHUFFLED_SECONDS = 2.0


class FaultyEvents:
    """Change the delivery of "Object Created" events of S3, and of no other events."""

    def __init__(self, injector: Injector, held: HeldDeliveries) -> None:
        self._injector = injector
        self._held = held

    def install(self) -> None:
        """Change EventBridge in this process until it ends."""
        wrap(eventbridge, "_dispatch_event", "event view", self._dispatch)
        wrap(eventbridge, "_invoke_target", "target event rule view", self._deliver)

    def _dispatch(
        self, original: Callable[..., None], event: Mapping[str, Any], view: Any = None
    ) -> None:
        key = _created_key(event)
        strike = self._injector.strike(EVENT, key) if key else None
        at_once, later = _deliveries(strike)

        for _ in range(at_once):
            original(event, view)

        for seconds in later:
            # The context has the account and region of the request, and the version of the object.
            self._held.hold(seconds, partial(copy_context().run, original, event, view))

    def _deliver(
        self,
        original: Callable[..., None],
        target: Mapping[str, Any],
        event: Any,
        rule: Mapping[str, Any],
        view: Any = None,
    ) -> None:
        key = _created_key(event)
        # Without a queue the event would be lost, and no service could recover.
        if key and target.get("DeadLetterConfig") and self._injector.strike(DELIVERY, key):
            bury(
                target,
                event,
                rule["Arn"],
                UndeliveredError("CONNECTION_FAILURE", "Injected: not delivered."),
            )
        else:
            original(target, event, rule, view)


def _created_key(event: Mapping[str, Any]) -> str | None:
    if event["Source"] != "aws.s3" or event["DetailType"] != "Object Created":
        return None
    key: str = json.loads(event["Detail"])["object"]["key"]
    return key


def _deliveries(strike: Strike | None) -> tuple[int, list[float]]:
    """Return the number of immediate deliveries, and the seconds until each later delivery."""
    match strike:
        case Strike("event-duplicated", draw):
            return 2, [1 + copy + draw for copy in range(int(3 * draw))]
        case Strike("event-late", draw):
            return 0, [1 + 4 * draw]
        case Strike("event-shuffled", draw):
            # All events wait for the same moment. Then their order is drawn at random.
            return 0, [_SHUFFLED_SECONDS - time() % _SHUFFLED_SECONDS + draw]
        case _:
            return 1, []
