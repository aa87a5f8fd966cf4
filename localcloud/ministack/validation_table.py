"""Print the table of docs/validation.md: the rules of AWS that the patches check.

`python -m localcloud.ministack.validation_table` writes it into the page.
"""

from collections.abc import Iterator
from pathlib import Path

from localcloud.ministack.patches import PATCHES
from localcloud.ministack.refusals import Rule

PAGE = Path(__file__).parents[1] / "docs/validation.md"
_BEGIN = "<!-- begin: python -m localcloud.ministack.validation_table -->\n"
_END = "<!-- end -->\n"


def rules() -> Iterator[Rule]:
    """Yield the rules of all patches."""
    for patch in PATCHES:
        yield from getattr(patch, "RULES", ())


def table() -> str:
    """Return the rules as a table in Markdown, sorted by area."""
    rows = sorted(rules(), key=lambda rule: rule.area)
    lines = [f"| {rule.area} | {rule.refused} | `{rule.code}` |" for rule in rows]
    return "\n".join(["| area | refused | error |", "|---|---|---|", *lines, ""])


def updated(page: str) -> str:
    """Return the page with the table of today."""
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}{table()}{_END}{after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text()))
