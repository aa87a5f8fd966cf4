"""Write the repeated parts of repeated.toml into the workflow definitions.

`python -m statemachine.repeated` (`make definitions`) also formats the files.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SOURCE = FOLDER / "repeated.toml"
WIDTH = 100  # columns; an object or array that fits stays on one line
# The fields of every state, in their order.
ORDER = ["Type", "Comment", "Resource", "Label", "ItemReader", "ItemSelector", "MaxConcurrency"]
ORDER += ["ToleratedFailurePercentage", "ItemProcessor", "ResultWriter", "Arguments"]
ORDER += ["TimeoutSeconds", "Choices", "Default", "Assign", "Output", "Retry", "Catch"]
ORDER += ["Error", "Cause", "Next", "End"]

type Data = dict[str, Any]


class UnknownStateError(Exception):
    """repeated.toml names a state that a definition lacks. Correct the name in either file."""


def written(definition: str) -> str:
    """Return the text of a definition with its repeated parts.

    Raises:
        UnknownStateError: repeated.toml names a state that the definition lacks.
    """
    path = FOLDER / f"{definition}.asl.json"
    found: Data = json.loads(path.read_text(encoding="utf-8"))
    source = read_source()
    states = dict(_states(found["States"]))

    for name, rules in source["retries"].get(definition, {}).items():
        state = _state(states, definition, name)
        _replace(state, state | {"Retry": [_retrier(rule, source) for rule in rules]})

    for copy in source["copies"]:
        if copy["definition"] == definition:
            state = _state(states, definition, copy["state"])
            of = _state(states, definition, copy["of"])
            _replace(state, _copied(state, of, copy["own"], copy.get("names", {})))

    return layout(found) + "\n"


def read_source() -> Data:
    """Return the content of repeated.toml."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def layout(value: Any, column: int = 0, depth: int = 0, field: str = "") -> str:
    """Return JSON text with short values on one line, but never a whole state or machine."""
    text = json.dumps(value, ensure_ascii=False)
    whole = field in ("", "States") or (isinstance(value, dict) and "Type" in value)
    if not isinstance(value, dict | list) or (not whole and column + len(text) < WIDTH):
        return text

    inner = "  " * (depth + 1)
    lines = []

    if isinstance(value, dict):
        for name, item in value.items():
            start = f"{inner}{json.dumps(name, ensure_ascii=False)}: "
            lines.append(start + layout(item, len(start), depth + 1, name))
        opening, closing = "{}"
    else:
        lines = [inner + layout(item, len(inner), depth + 1, "[]") for item in value]
        opening, closing = "[]"

    return f"{opening}\n" + ",\n".join(lines) + f"\n{'  ' * depth}{closing}"


def _states(states: Data) -> Iterator[tuple[str, Data]]:
    for name, state in states.items():
        yield name, state
        yield from _states(state.get("ItemProcessor", {}).get("States", {}))


def _state(states: Mapping[str, Data], definition: str, name: str) -> Data:
    if name not in states:
        raise UnknownStateError(f"{definition} has no state {name!r}. {UnknownStateError.__doc__}")
    return states[name]


def _retrier(rule: Data, source: Data) -> Data:
    groups = source["errors"]
    names = [name for error in rule["errors"] for name in groups.get(error, [error])]
    return {
        "ErrorEquals": names,
        **source["waits"][rule["waits"]],
        "JitterStrategy": "FULL",
    }


def _copied(state: Data, of: Data, own: list[str], names: Mapping[str, str]) -> Data:
    """Return a state with all fields of another state except its own."""
    text = json.dumps({name: value for name, value in of.items() if name not in own})
    for name, new in names.items():
        text = text.replace(json.dumps(name), json.dumps(new))

    copied: Data = json.loads(text)
    return copied | {name: state[name] for name in own if name in state}


def _replace(state: Data, fields: Data) -> None:
    """Give a state other fields, in their order."""
    state.clear()
    state.update({name: fields[name] for name in sorted(fields, key=ORDER.index)})


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.asl.json")):
        path.write_text(written(path.name.removesuffix(".asl.json")), encoding="utf-8")
