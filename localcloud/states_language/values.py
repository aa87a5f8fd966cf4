"""Check the values of fields: JSON types, ranges, timestamps and paths."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from localcloud.states_language.expressions import is_expression
from localcloud.states_language.workflow import JSONATA, JSONPATH, Places, Workflow

LONGEST = 99_999_999  # seconds: "Maximum value is 99999999", says AWS
LARGEST_BATCH = 262_144  # bytes
# RFC 3339 with an uppercase T and, without an offset, an uppercase Z (specification, "Timestamps").
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_SEVERAL = re.compile(r"\.\.|[@,:?*]")  # not allowed in a reference path
_QUOTED = re.compile(r"'[^']*'")


class Kind(NamedTuple):
    """The values of a field, in words and as a test.

    In JSONata states an expression may replace a value if `expression` is true.
    """

    words: str
    accepts: Callable[[Any], bool]
    expression: bool = False


def integer(least: int, most: int | None = None) -> Kind:
    """Return the kind of a whole number within bounds."""
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
    return Kind(
        f"an integer {bounds}",
        lambda value: type(value) is int and least <= value and (most is None or value <= most),
        expression=True,
    )


def _is_timestamp(value: object) -> bool:
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


TEXT = Kind("a string", lambda value: isinstance(value, str))
OBJECT = Kind("an object", lambda value: isinstance(value, dict))
OBJECTS = Kind("an array of objects", lambda value: _all(value, dict))
SOME_OBJECTS = Kind(
    "an array of at least one object",
    lambda value: _all(value, dict) and len(value) > 0,
)
TEMPLATE = Kind(
    "an object or an expression",
    lambda value: isinstance(value, dict),
    expression=True,
)

KINDS = {
    **dict.fromkeys(["Comment", "Next", "Default", "Resource", "Label", "Error", "Cause"], TEXT),
    "End": Kind("true", lambda value: value is True),
    **dict.fromkeys(["TimeoutSeconds", "HeartbeatSeconds"], integer(1, LONGEST)),
    "Seconds": integer(0, LONGEST),
    "Timestamp": Kind("a timestamp such as 2026-01-15T09:30:00Z", _is_timestamp, expression=True),
    **dict.fromkeys(["MaxConcurrency", "ToleratedFailureCount"], integer(0)),
    "ToleratedFailurePercentage": Kind(
        "a number from 0 to 100",
        lambda value: type(value) in (int, float) and 0 <= value <= 100,
        expression=True,
    ),
    "Items": Kind("an array", lambda value: isinstance(value, list), expression=True),
    "Choices": SOME_OBJECTS,
    "Branches": SOME_OBJECTS,
    **dict.fromkeys(["Retry", "Catch"], OBJECTS),
    **dict.fromkeys(["ItemProcessor", "Iterator", "ItemReader", "ItemBatcher"], OBJECT),
    **dict.fromkeys(["ResultWriter", "Assign"], OBJECT),
}
MACHINE_KINDS = {
    **dict.fromkeys(["Comment", "StartAt", "Version"], TEXT),
    "States": Kind(
        "an object of at least one state, each an object",
        lambda value: isinstance(value, dict) and len(value) > 0 and _all([*value.values()], dict),
    ),
    "TimeoutSeconds": integer(0, LONGEST),
}
MAP_KINDS = {
    ("ItemReader", "Resource"): TEXT,
    ("ItemReader", "ReaderConfig"): OBJECT,
    ("ItemReader", "Arguments"): TEMPLATE,
    ("ItemBatcher", "MaxItemsPerBatch"): integer(1),
    ("ItemBatcher", "MaxInputBytesPerBatch"): integer(1, LARGEST_BATCH),
    ("ResultWriter", "Resource"): TEXT,
    ("ResultWriter", "Arguments"): TEMPLATE,
}
NULLABLE = {"InputPath", "OutputPath", "ResultPath"}
PATHS = ["InputPath", "OutputPath"]
REFERENCE_PATHS = ["ResultPath", "ItemsPath", "SecondsPath", "TimestampPath", "TimeoutSecondsPath"]
REFERENCE_PATHS += ["HeartbeatSecondsPath", "MaxConcurrencyPath", "ToleratedFailureCountPath"]
REFERENCE_PATHS += ["ToleratedFailurePercentagePath"]


def wrong_value(workflow: Workflow) -> Places:
    """Find values of the wrong JSON type or out of range."""
    for machine in workflow.machines:
        for name, kind in MACHINE_KINDS.items():
            yield from _judged(f"{machine.path}/{name}", machine.fields, name, kind, JSONPATH)

    for state in workflow.states:
        for name, kind in KINDS.items():
            yield from _judged(f"{state.path}/{name}", state.fields, name, kind, state.language)

        for (part, name), kind in MAP_KINDS.items():
            fields = state.fields.get(part)
            if isinstance(fields, dict):
                path = f"{state.path}/{part}/{name}"
                yield from _judged(path, fields, name, kind, state.language)


def heartbeat_too_slow(workflow: Workflow) -> Places:
    """Find heartbeats that are not shorter than the state's timeout."""
    for state in workflow.states:
        heartbeat = state.fields.get("HeartbeatSeconds")
        timeout = state.fields.get("TimeoutSeconds")
        if isinstance(heartbeat, int) and isinstance(timeout, int) and heartbeat >= timeout:
            yield (
                f"{state.path}/HeartbeatSeconds",
                f"HeartbeatSeconds is {heartbeat} and must be below TimeoutSeconds, {timeout}.",
            )


def wrong_path(workflow: Workflow) -> Places:
    """Find JSONPath fields that are not a path, or not a required reference path.

    The rest of the grammar and intrinsic functions are not checked: the workflows are JSONata.
    """
    for state in workflow.states:
        for name in [*PATHS, *REFERENCE_PATHS] if state.language == JSONPATH else []:
            value = state.fields.get(name)
            if name not in state.fields or (value is None and name in NULLABLE):
                continue
            if not isinstance(value, str) or not value.startswith("$"):
                yield f"{state.path}/{name}", f"{value!r} is not a path. A path begins with $."
            elif name in REFERENCE_PATHS and _SEVERAL.search(_QUOTED.sub("", value)):
                yield (
                    f"{state.path}/{name}",
                    f"{value!r} can select several nodes. Use a reference path.",
                )


def _judged(path: str, fields: Any, name: str, kind: Kind, language: object) -> Places:
    if name not in fields or kind.accepts(fields[name]):
        return
    if kind.expression and language == JSONATA and is_expression(fields[name]):
        return
    yield path, f"{fields[name]!r:.80} is not {kind.words}."


def _all(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)
