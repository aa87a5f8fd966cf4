"""Print the tables of docs/validation.md: the rules of AWS that the local cloud checks.

`python -m localcloud.ministack.validation_table` writes them into the page.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from localcloud.ministack.patches import PATCHES
from localcloud.ministack.refusals import Rule
from localcloud.ministack.stepfunctions import log_delivery, workflow_role
from localcloud.states_language.rules import RULES

_PACKAGE = Path(__file__).parents[1]
PAGE = _PACKAGE / "docs/validation.md"
TESTS = _PACKAGE / "tests"
_MODULES = (*PATCHES, log_delivery, workflow_role)
_MARKED = "<!-- begin: {name} -->\n{table}<!-- end: {name} -->\n"


def rules() -> Iterator[tuple[Rule, str]]:
    """Yield each rule of MiniStack's services with the path of its test below `TESTS`."""
    for module in _MODULES:
        for rule in getattr(module, "RULES", ()):
            yield rule, _test_of(module)


def tables() -> dict[str, str]:
    """Return the tables in Markdown, with their names as keys."""
    return {"rules of services": _services(), "rules of definitions": _definitions()}


def updated(page: str) -> str:
    """Return the page with the tables of today."""
    for name, table in tables().items():
        new = _MARKED.format(name=name, table=table)
        old = re.escape(_MARKED.format(name=name, table="\0")).replace("\0", ".*?")
        page = re.sub(old, new.replace("\\", r"\\"), page, flags=re.DOTALL)
    return page


def _services() -> str:
    found = sorted(rules(), key=lambda row: row[0].area)
    rows = [f"| {one.area} | {one.refused} | `{one.code}` | `{test}` |" for one, test in found]
    return _table("| area | refused | error | test |", rows)


def _definitions() -> str:
    rows = [f"| {rule.refused} | `{rule.code}` | `{rule.name}` |" for rule in RULES]
    return _table("| refused | diagnostic code | rule |", rows)


def _table(head: str, rows: list[str]) -> str:
    separator = "|---" * (head.count("|") - 1) + "|"
    return "\n".join([head, separator, *rows, ""])


def _test_of(module: ModuleType) -> str:
    *folders, name = module.__name__.split(".")[1:]
    return "/".join(["contract", *folders, f"test_{name}.py"])


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
