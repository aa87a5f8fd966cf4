"""Facts that stand in code and in the template, a definition or a page: both sides are compared."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.outcomes import OUTCOMES
from cli.service import BACKLOG_WORKFLOW, OUTPUTS

ROOT = Path(__file__).parents[2]


def members(value: Any, wanted: str) -> Iterator[Any]:
    """Yield what a JSON value has under a name, at any depth."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name == wanted:
                yield member
            yield from members(member, wanted)
    elif isinstance(value, list):
        for member in value:
            yield from members(member, wanted)


def literals(text: str) -> set[str]:
    """The value of a text, or of the literals in capitals of a JSONata expression."""
    if text.startswith("{%"):
        return set(re.findall(r"'([A-Z_]+)'", text))
    return {text}


def test_workflows_record_exactly_the_outcomes(definitions: dict[str, dict[str, Any]]) -> None:
    recorded: set[str] = set()
    for value in members(definitions, "outcome"):
        recorded |= literals(value["S"] if isinstance(value, dict) else value)
    assert set(OUTCOMES) == recorded


def test_readme_explains_every_outcome() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert list(OUTCOMES) == re.findall(r"^\| `([A-Z]+)` \|", readme, re.MULTILINE)


def test_stack_has_every_output_that_the_tools_read(template: dict[str, Any]) -> None:
    assert {*OUTPUTS.values(), BACKLOG_WORKFLOW} <= template["Outputs"].keys()
