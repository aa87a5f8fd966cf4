"""Return the items of a Map, from its input or from S3."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from localcloud.stepfunctions.errors import ITEM_READER_FAILED, StateError
from localcloud.stepfunctions.integrations import find_map_integration
from localcloud.stepfunctions.payloads import Payload, to_text
from localcloud.stepfunctions.runtime import Runtime
from localcloud.stepfunctions.scope import Scope

type State = Mapping[str, Any]

_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


def listed(state: State, given: Payload, scope: Scope) -> list[Any]:
    """Return the array in Items, or the input without Items.

    Raises:
        StateError: States.QueryEvaluationError, the value is not an array.
    """
    if "Items" not in state:
        if not isinstance(given.value, list):
            message = f"Map state input must be an array but was: {to_text(given.value)}"
            raise scope.failure("Items", message)
        return given.value
    items: list[Any] = scope.typed(state, "Items", "array", given)
    return items


def number(state: State, field: str, given: Payload, scope: Scope) -> float | None:
    """Return the number in a field; None if the state does not have the field.

    Raises:
        StateError: States.QueryEvaluationError, the value is negative or not a number.
    """
    if field not in state:
        return None
    value: float = scope.typed(state, field, "number", given)
    if value < 0:
        raise scope.failure(field, f"{field} must not be negative, but was: {value}")
    return value


def read_items(state: State, given: Payload, scope: Scope, runtime: Runtime) -> list[Any]:
    """Return the items of a Distributed Map; an ItemReader reads them in the workflow's role.

    Raises:
        StateError: States.ItemReaderFailed, the items cannot be read.
    """
    if "ItemReader" not in state:
        return listed(state, given, scope)

    reader = scope.evaluate("ItemReader", state["ItemReader"], given)
    integration = find_map_integration(reader["Resource"])
    assert integration is not None, "refused when the state machine was created"
    arguments = reader.get("Arguments", {})

    try:
        found = runtime.services.call(scope.execution, integration, arguments)
        items = found if integration.operation == "ListObjectsV2" else _parsed(found, reader)
    except StateError as exc:
        raise StateError(ITEM_READER_FAILED, exc.cause) from exc
    except (ValueError, LookupError, TypeError) as exc:
        message = f"{arguments} could not be read: {exc}"
        raise StateError(ITEM_READER_FAILED, message) from exc

    limit = reader.get("ReaderConfig", {}).get("MaxItems")

    return items[: int(limit)] if limit else items


def _parsed(content: bytes, reader: Mapping[str, Any]) -> list[Any]:
    config = reader.get("ReaderConfig", {})
    text = content.decode()
    match config.get("InputType", "JSON"):
        case "CSV":
            return parse_csv(text, config)
        case "JSONL":
            return [json.loads(line) for line in text.splitlines() if line.strip()]

    items = json.loads(text)
    if not isinstance(items, list):
        raise StateError(ITEM_READER_FAILED, "Attempting to map over non-iterable node.")

    return items


def parse_csv(text: str, config: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the rows of a CSV file by their columns.

    Missing values are empty, and additional values are dropped.

    Raises:
        StateError: States.ItemReaderFailed, two columns have the same name.
    """
    delimiter = _DELIMITERS[config.get("CSVDelimiter", "COMMA")]
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    if config.get("CSVHeaderLocation") == "GIVEN":
        header = list(config.get("CSVHeaders", []))
    else:
        header, rows = (rows[0], rows[1:]) if rows else ([], [])

    if len(set(header)) < len(header):
        raise StateError(ITEM_READER_FAILED, "CSV headers cannot contain duplicates.")

    return [
        {name: row[index] if index < len(row) else "" for index, name in enumerate(header)}
        for row in rows
    ]
