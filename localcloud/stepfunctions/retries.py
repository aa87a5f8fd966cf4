"""Apply Retry and Catch: match errors to rules, and compute the waits of retries.

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
    """Return whether a retrier or catcher matches an error.

    States.ALL matches all errors except two: States.DataLimitExceeded must be named, and no rule
    matches States.Runtime. States.TaskFailed does not match States.Timeout either.
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
    """Return the wait before the next retry of a state, in seconds.

    The wait is IntervalSeconds (1) times BackoffRate (2) to the power of the retries, at most
    MaxDelaySeconds. JitterStrategy FULL draws between 0 and this wait.
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
    """Attempt the work of a state under its Retry and Catch.

    The first matching retrier decides. Its last attempt ends the retries.

    Raises:
        StateError: the error of the last attempt, which no catcher matches.
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
    """Return the outcome of the catcher for an error, or raise the error."""
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
