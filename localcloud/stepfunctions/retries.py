"""Retry and Catch: which rule an error matches, and how long a retry waits.

Source: Step Functions Developer Guide, "Handling errors in Step Functions workflows".
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localcloud.stepfunctions.errors import (
    ALL,
    DATA_LIMIT_EXCEEDED,
    RUNTIME,
    TASK_FAILED,
    TIMEOUT,
    StateError,
)
from localcloud.stepfunctions.outcome import Outcome
from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.runtime import Runtime
from localcloud.stepfunctions.scope import Scope

type Rule = Mapping[str, Any]

_MAX_ATTEMPTS = 3


def matches(rule: Rule, error: str | None) -> bool:
    """Return whether a retrier or catcher is for an error.

    States.ALL matches all but two: States.DataLimitExceeded must be named, and States.Runtime is
    matched by nothing. States.TaskFailed matches all but States.Timeout besides.
    """
    names = rule["ErrorEquals"]
    if error == RUNTIME:
        return False
    if error == DATA_LIMIT_EXCEEDED:
        return error in names
    return ALL in names or error in names or (TASK_FAILED in names and error != TIMEOUT)


def find_rule(rules: Sequence[Rule], error: str | None) -> int | None:
    """Return the index of the first rule that matches an error."""
    found = (index for index, rule in enumerate(rules) if matches(rule, error))
    return next(found, None)


def delay_seconds(
    retrier: Rule, retries: int, uniform: Callable[[float, float], float] = random.uniform
) -> float:
    """Return how long to wait before a state that was retried `retries` times is retried again.

    IntervalSeconds (1) times BackoffRate (2) to the power of the retries, at most MaxDelaySeconds;
    JitterStrategy FULL draws between 0 and that.
    """
    delay: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    return uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay


def attempted(
    state: Mapping[str, Any],
    given: Payload,
    scope: Scope,
    runtime: Runtime,
    attempt: Callable[[], Outcome],
) -> Outcome:
    """Attempt what a state does under its Retry and Catch.

    The first retrier that matches decides: once its attempts are used up there is no retry.

    Raises:
        StateError: that of the last attempt, nothing catches it.
    """
    retriers = state.get("Retry", [])
    retries: Counter[int] = Counter()
    while True:
        try:
            return attempt()
        except StateError as exc:
            error = exc

        scope.life.require()
        index = find_rule(retriers, error.error)
        if index is None or retries[index] >= retriers[index].get("MaxAttempts", _MAX_ATTEMPTS):
            return caught(state, given, scope, error)
        runtime.pause(delay_seconds(retriers[index], retries[index]), scope.life)
        retries[index] += 1
        scope.count_retries(retries.total())


def caught(state: Mapping[str, Any], given: Payload, scope: Scope, error: StateError) -> Outcome:
    """Return what the catcher for an error makes of it; raise the error if there is none."""
    catchers = state.get("Catch", [])
    index = find_rule(catchers, error.error)
    if index is None:
        raise error
    catcher = catchers[index]
    output: Any = error.output
    if "Output" in catcher:
        output = scope.evaluate("Output", catcher["Output"], given, errorOutput=error.output)
    values, texts = scope.assign(catcher, given, errorOutput=error.output)
    return Outcome(Payload(output), catcher["Next"], values, texts)
