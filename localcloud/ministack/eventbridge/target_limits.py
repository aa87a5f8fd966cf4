"""Refuse targets of rules beyond the limits of EventBridge.

MiniStack: stores any retry policy and any number of targets.
AWS: refuses the request. The message about a number has the format that the service uses for all
parameters.
Source: EventBridge API Reference, RetryPolicy, and PutTargets: "Each rule can have up to five (5)
targets associated with it at one time."
Remove this patch when MiniStack does the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ministack.services import eventbridge

from localcloud.ministack.refusals import Resource, Rule, check_requests, check_resources

_AREA = "EventBridge targets"
RETRY_ATTEMPTS = Rule(
    _AREA, "MaximumRetryAttempts outside 0 to 185", "EventBridge", "ValidationException"
)
EVENT_AGE = Rule(
    _AREA, "MaximumEventAgeInSeconds outside 60 to 86,400", "EventBridge", "ValidationException"
)
TARGETS = Rule(_AREA, "more than five targets of a rule", "EventBridge", "LimitExceededException")
RULES = (RETRY_ATTEMPTS, EVENT_AGE, TARGETS)

_MOST_TARGETS = 5
_BOUNDS = (
    (RETRY_ATTEMPTS, "MaximumRetryAttempts", 0, 185),
    (EVENT_AGE, "MaximumEventAgeInSeconds", 60, 86400),
)


def install() -> None:
    """Check the targets of requests and templates."""
    check_requests(eventbridge, "_put_targets", "data", _check_request)
    check_resources("AWS::Events::Rule", _check_resource)


def _check_request(data: Mapping[str, Any]) -> None:
    targets = data.get("Targets", [])
    _check_retries(targets)
    key = eventbridge._rule_key(data.get("Rule"), data.get("EventBusName", "default"))
    _check_number({one.get("Id") for one in [*eventbridge._targets.get(key, []), *targets]})


def _check_resource(resource: Resource) -> None:
    targets = resource.properties.get("Targets") or []
    _check_retries(targets)
    _check_number({one.get("Id") for one in targets})


def _check_number(ids: set[Any]) -> None:
    if len(ids) > _MOST_TARGETS:
        raise TARGETS.error("The requested resource exceeds the maximum number allowed.")


def _check_retries(targets: Iterable[Mapping[str, Any]]) -> None:
    for number, target in enumerate(targets, 1):
        policy = target.get("RetryPolicy") or {}
        for rule, name, least, most in _BOUNDS:
            if name in policy and not least <= int(policy[name]) <= most:
                raise rule.error(_message(number, name, int(policy[name]), least, most))


def _message(number: int, name: str, value: int, least: int, most: int) -> str:
    bound = f"less than or equal to {most}" if value > most else f"greater than or equal to {least}"
    place = f"targets.{number}.member.retryPolicy.{name[0].lower()}{name[1:]}"
    return (
        f"1 validation error detected: Value '{value}' at '{place}' failed to satisfy constraint: "
        f"Member must have value {bound}"
    )
