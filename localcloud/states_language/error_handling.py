"""Check Retry and Catch (specification, "Retrying after error" and "Fallback states")."""

from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.states_language.values import LONGEST, OBJECT, TEXT, Kind, integer
from localcloud.states_language.workflow import JSONATA, Places, Workflow, objects

ANY_ERROR = "States.ALL"
LONGEST_DELAY = 31_622_400  # seconds
ERRORS = Kind(
    "an array of at least one error name",
    lambda value: isinstance(value, list) and {type(name) for name in value} == {str},
)
RETRIER = {
    "Comment": TEXT,
    "ErrorEquals": ERRORS,
    "IntervalSeconds": integer(1, LONGEST),
    "MaxAttempts": integer(0, LONGEST),
    "MaxDelaySeconds": integer(1, LONGEST_DELAY),
    "BackoffRate": Kind("at least 1", lambda rate: type(rate) in (int, float) and rate >= 1),
    "JitterStrategy": Kind("FULL or NONE", lambda value: value in ("FULL", "NONE")),
}
CATCHER = {"Comment": TEXT, "ErrorEquals": ERRORS, "Next": TEXT, "Assign": OBJECT}
OF_LANGUAGE = {True: "Output", False: "ResultPath"}  # by whether the state is JSONata


def wrong_retrier(workflow: Workflow) -> Places:
    """Find retriers with missing, unknown or wrong fields."""
    for state in workflow.states:
        for path, retrier in objects(f"{state.path}/Retry", state.fields.get("Retry")):
            yield from _judged(path, retrier, RETRIER, {"ErrorEquals"}, set())


def wrong_catcher(workflow: Workflow) -> Places:
    """Find catchers with missing, unknown or wrong fields."""
    for state in workflow.states:
        for path, catcher in objects(f"{state.path}/Catch", state.fields.get("Catch")):
            more = {OF_LANGUAGE[state.language == JSONATA]}
            yield from _judged(path, catcher, CATCHER, {"ErrorEquals", "Next"}, more)


def low_delay_limit(workflow: Workflow) -> Places:
    """Find a MaxDelaySeconds that is not above IntervalSeconds."""
    for state in workflow.states:
        for path, retrier in objects(f"{state.path}/Retry", state.fields.get("Retry")):
            limit = retrier.get("MaxDelaySeconds")
            interval = retrier.get("IntervalSeconds", 1)
            if isinstance(limit, int) and isinstance(interval, int) and limit <= interval:
                yield (
                    f"{path}/MaxDelaySeconds",
                    f"MaxDelaySeconds is {limit} and must be above IntervalSeconds, {interval}.",
                )


def any_error_not_alone(workflow: Workflow) -> Places:
    """Find States.ALL beside another error name."""
    for path, names, _ in _error_names(workflow):
        if ANY_ERROR in names and len(names) > 1:
            yield f"{path}/ErrorEquals", f"{ANY_ERROR} must be alone. Remove the other names."


def any_error_not_last(workflow: Workflow) -> Places:
    """Find States.ALL in a rule that is not the last one."""
    for path, names, is_last in _error_names(workflow):
        if ANY_ERROR in names and not is_last:
            yield (
                f"{path}/ErrorEquals",
                f"{ANY_ERROR} must be in the last rule. The rules after it never match.",
            )


def _error_names(workflow: Workflow) -> Iterator[tuple[str, list[object], bool]]:
    for state in workflow.states:
        for field in ("Retry", "Catch"):
            rules = list(objects(f"{state.path}/{field}", state.fields.get(field)))
            for path, rule in rules:
                names = rule.get("ErrorEquals")
                yield path, names if isinstance(names, list) else [], path == rules[-1][0]


def _judged(
    path: str,
    rule: Mapping[str, Any],
    kinds: Mapping[str, Kind],
    required: set[str],
    more: set[str],
) -> Places:
    for name in sorted(required - rule.keys()):
        yield path, f"{name} is missing."

    for name in rule.keys() - kinds.keys() - more:
        yield path, f"Field {name!r} is not supported here. Remove it."

    for name in rule.keys() & kinds.keys():
        if not kinds[name].accepts(rule[name]):
            yield f"{path}/{name}", f"{rule[name]!r:.80} is not {kinds[name].words}."
