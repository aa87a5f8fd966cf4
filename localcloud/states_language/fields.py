"""Check the fields of states by type and query language.

Source: "Table of State Types and Fields" and the sections of the state types in the specification.
"""

from collections.abc import Iterator
from typing import NamedTuple

from localcloud.states_language.workflow import JSONATA, JSONPATH, Places, State, Workflow


class Fields(NamedTuple):
    """The fields of a state type: common, of one query language, and required."""

    both: set[str]
    jsonata: set[str]
    jsonpath: set[str]
    required: set[str]


def _names(text: str) -> set[str]:
    return set(text.split())


COMMON = _names("Type Comment QueryLanguage")
_TRANSFORMED = _names("InputPath OutputPath ResultPath ResultSelector Parameters")
FIELDS = {
    "Task": Fields(
        _names("Resource TimeoutSeconds HeartbeatSeconds Credentials Assign Retry Catch Next End"),
        _names("Arguments Output"),
        _TRANSFORMED | _names("TimeoutSecondsPath HeartbeatSecondsPath"),
        _names("Resource"),
    ),
    "Pass": Fields(
        _names("Assign Next End"),
        _names("Output"),
        _names("Result InputPath OutputPath ResultPath Parameters"),
        set(),
    ),
    "Wait": Fields(
        _names("Seconds Timestamp Assign Next End"),
        _names("Output"),
        _names("SecondsPath TimestampPath InputPath OutputPath"),
        set(),
    ),
    "Choice": Fields(
        _names("Choices Default Assign"),
        _names("Output"),
        _names("InputPath OutputPath"),
        _names("Choices"),
    ),
    "Succeed": Fields(set(), _names("Output"), _names("InputPath OutputPath"), set()),
    "Fail": Fields(_names("Error Cause"), set(), _names("ErrorPath CausePath"), set()),
    "Parallel": Fields(
        _names("Branches Assign Retry Catch Next End"),
        _names("Arguments Output"),
        _TRANSFORMED,
        _names("Branches"),
    ),
    "Map": Fields(
        _names("Label ItemReader ItemSelector ItemBatcher ItemProcessor Iterator ResultWriter")
        | _names("MaxConcurrency ToleratedFailureCount ToleratedFailurePercentage")
        | _names("Assign Retry Catch Next End"),
        _names("Items Output"),
        _TRANSFORMED
        | _names("ItemsPath MaxConcurrencyPath")
        | _names("ToleratedFailureCountPath ToleratedFailurePercentagePath"),
        set(),
    ),
}
PROCESSOR_FIELDS = _names("Comment StartAt States ProcessorConfig")
MACHINE_FIELDS = _names("Comment StartAt States Version TimeoutSeconds QueryLanguage")

# The alternatives by state type; a state has exactly one of them.
EXACTLY_ONE = {
    "Map": ("ItemProcessor", "Iterator"),
    "Wait": ("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),
}
AT_MOST_ONE = [
    ("TimeoutSeconds", "TimeoutSecondsPath"),
    ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ("MaxConcurrency", "MaxConcurrencyPath"),
    ("ToleratedFailureCount", "ToleratedFailureCountPath"),
    ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ("ItemSelector", "Parameters"),
    ("Error", "ErrorPath"),
    ("Cause", "CausePath"),
]


def unknown_type(workflow: Workflow) -> Places:
    """Find states whose type is missing or unknown."""
    for state in workflow.states:
        if not isinstance(state.type, str) or state.type not in FIELDS:
            yield (
                f"{state.path}/Type",
                f"{state.type!r} is not a state type. Use one of {', '.join(FIELDS)}.",
            )


def query_language(workflow: Workflow) -> Places:
    """Find unknown query languages, and JSONPath states in JSONata machines."""
    for path, language in [
        ("", workflow.language),
        *((state.path, state.language) for state in workflow.states),
    ]:
        if language not in (JSONATA, JSONPATH):
            yield (
                f"{path}/QueryLanguage",
                f"{language!r} is not a query language. Use JSONata or JSONPath.",
            )

        elif language == JSONPATH and workflow.language == JSONATA:
            yield (
                path,
                "A state of a JSONata machine cannot be JSONPath. Leave out its QueryLanguage.",
            )


def unsupported_field(workflow: Workflow) -> Places:
    """Find fields that states of this type, or machines, do not have."""
    for state, fields in _typed(workflow):
        for name in state.fields.keys() - COMMON - fields.both - fields.jsonata - fields.jsonpath:
            yield state.path, f"Field {name!r} is not supported in a {state.type} state. Remove it."

    for machine in workflow.machines:
        # A map's processor has a configuration, but no language, version or timeout.
        is_processor = machine.path.endswith(("/ItemProcessor", "/Iterator"))
        allowed = PROCESSOR_FIELDS if is_processor else MACHINE_FIELDS
        for name in machine.fields.keys() - allowed:
            yield machine.path, f"Field {name!r} is not supported here. Remove it."


def field_of_other_language(workflow: Workflow) -> Places:
    """Find JSONPath fields in JSONata states, and JSONata fields in JSONPath states."""
    for state, fields in _typed(workflow):
        is_jsonata = state.language == JSONATA
        other, wrong = (JSONPATH, fields.jsonpath) if is_jsonata else (JSONATA, fields.jsonata)
        for name in sorted(wrong & state.fields.keys()):
            yield (
                f"{state.path}/{name}",
                f"The state's language is {state.language}, but {name!r} is a field of {other}.",
            )


def missing_field(workflow: Workflow) -> Places:
    """Find states and machines without a required field."""
    for machine in workflow.machines:
        for name in sorted({"StartAt", "States"} - machine.fields.keys()):
            yield machine.path, f"{name} is missing. A state machine needs it."

    for state, fields in _typed(workflow):
        for name in sorted(fields.required - state.fields.keys()):
            yield state.path, f"{name} is missing. A {state.type} state needs it."


def exclusive_fields(workflow: Workflow) -> Places:
    """Find states with two exclusive fields, or without a required alternative."""
    for state, _ in _typed(workflow):
        needed = EXACTLY_ONE.get(str(state.type), ())
        if needed and len(state.fields.keys() & set(needed)) != 1:
            yield state.path, f"A {state.type} state needs exactly one of {', '.join(needed)}."

        for names in AT_MOST_ONE:
            if len(state.fields.keys() & set(names)) > 1:
                yield state.path, f"{' and '.join(names)} exclude each other. Keep one of them."


def next_or_end(workflow: Workflow) -> Places:
    """Find states with both or neither of Next and End."""
    for state, _ in _typed(workflow):
        if state.type in ("Choice", "Succeed", "Fail"):
            continue
        if len(state.fields.keys() & {"Next", "End"}) != 1:
            yield state.path, "The state needs exactly one of Next and End."


def _typed(workflow: Workflow) -> Iterator[tuple[State, Fields]]:
    for state in workflow.states:
        if isinstance(state.type, str) and state.type in FIELDS:
            yield state, FIELDS[state.type]
