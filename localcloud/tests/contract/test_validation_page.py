"""Check that docs/validation.md names a test for each verb and for each rule of SageMaker."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2]
PAGE = (PACKAGE / "docs/validation.md").read_text()
FOLDERS = {"Verbs of the clients": PACKAGE.parent, "Rules of SageMaker": PACKAGE / "tests"}


def rows(heading: str) -> list[str]:
    """Return the rows of the table under a heading, without its head."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|")][2:]


@pytest.mark.parametrize("heading", FOLDERS)
def test_each_row_names_a_test_that_exists(heading: str) -> None:
    named = [re.findall(r"`([\w/]+\.py)`", row) for row in rows(heading)]
    assert named
    assert [] == [row for row, paths in zip(rows(heading), named, strict=True) if len(paths) != 1]
    assert [] == [path for [path] in named if not (FOLDERS[heading] / path).is_file()]


@pytest.mark.parametrize("row", [row for row in rows("Verbs of the clients") if "| `aws " in row])
def test_named_test_runs_the_verb(row: str) -> None:
    operation = re.findall(r"`aws [\w-]+ ([\w-]+)", row)[0]
    [path] = re.findall(r"`([\w/]+\.py)`", row)
    text = (PACKAGE.parent / path).read_text()
    assert operation in text or operation.replace("-", "_") in text
