"""Refuse definitions with AWS's diagnostics, or by the name of a missing feature."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from localcloud.api.protocol import NotEmulatedError
from localcloud.states_language.rules import check
from localcloud.states_language.workflow import JSONATA, Finding, State, read
from localcloud.stepfunctions.api_errors import InvalidDefinitionError
from localcloud.stepfunctions.integrations import find_integration, find_map_integration

_READERS = {
    "InputType": {"CSV", "JSON", "JSONL"},
    "CSVHeaderLocation": {"FIRST_ROW", "GIVEN"},
    "CSVDelimiter": {"COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"},
    "CSVHeaders": None,
    "MaxItems": None,
}
_FIELDS = ("Credentials", "Iterator", "ItemBatcher")


def diagnose(text: str, *, express: bool) -> list[Finding]:
    """Return every reason for which Step Functions refuses a definition."""
    duplicates: list[str] = []
    try:
        definition = json.loads(text, object_pairs_hook=partial(_object, duplicates))
    except (ValueError, RecursionError) as exc:
        return [Finding("INVALID_JSON_DESCRIPTION", "/", str(exc), "json")]

    if not isinstance(definition, dict):
        message = "The definition is not a JSON object."
        return [Finding("INVALID_JSON_DESCRIPTION", "/", message, "json")]

    repeated = [
        Finding(
            "DUPLICATE_STATE_NAME",
            "/States",
            f"Two states of the same States have the name {name!r}.",
            "duplicate_key",
        )
        for name in duplicates
    ]

    return [*repeated, *check(definition, express=express)]


def _object(duplicates: list[str], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; add the names to `duplicates` that two of its states share."""
    names = Counter(name for name, value in pairs if isinstance(value, dict) and "Type" in value)
    duplicates += [name for name, count in names.items() if count > 1]
    return dict(pairs)


def require_valid(text: str, *, express: bool) -> None:
    """Return if a state machine can be created with a definition.

    Raises:
        InvalidDefinitionError: Step Functions refuses the definition.
        NotEmulatedError: the definition uses a feature that is not emulated.
    """
    findings = diagnose(text, express=express)
    if findings:
        reasons = ", ".join(f"{one.code}: {one.message} at {one.path or '/'}" for one in findings)
        raise InvalidDefinitionError(f"Invalid State Machine Definition: '{reasons}'")
    for where, what in _not_emulated(json.loads(text), express):
        raise NotEmulatedError(f"{what} at {where} is not emulated by the local Step Functions.")


def _not_emulated(definition: Mapping[str, Any], express: bool) -> Iterator[tuple[str, str]]:
    for state in read(definition, express).states:
        if state.language != JSONATA:
            yield state.path, f"The query language {state.language}"
        for field in _FIELDS:
            if field in state.fields:
                yield state.path, f"The field {field}"
        yield from _task(state)
        yield from _reader(state)
        yield from _writer(state)


def _task(state: State) -> Iterator[tuple[str, str]]:
    if state.type == "Task" and find_integration(state.fields["Resource"]) is None:
        yield f"{state.path}/Resource", f"The resource {state.fields['Resource']}"


def _reader(state: State) -> Iterator[tuple[str, str]]:
    reader = state.fields.get("ItemReader")
    if reader is None:
        return

    if find_map_integration(reader["Resource"]) is None:
        yield f"{state.path}/ItemReader/Resource", f"The resource {reader['Resource']}"

    for field, value in reader.get("ReaderConfig", {}).items():
        if field not in _READERS:
            yield f"{state.path}/ItemReader/ReaderConfig", f"The field {field}"
        values = _READERS.get(field)
        if values is not None and value not in values:
            yield f"{state.path}/ItemReader/ReaderConfig/{field}", f"The value {value}"


def _writer(state: State) -> Iterator[tuple[str, str]]:
    writer = state.fields.get("ResultWriter")
    if writer is None:
        return
    if "WriterConfig" in writer:
        yield f"{state.path}/ResultWriter", "The field WriterConfig"
    if find_map_integration(writer.get("Resource", "")) is None:
        yield f"{state.path}/ResultWriter/Resource", f"The resource {writer.get('Resource')}"
