"""The lists of a dataset, which people open in a spreadsheet."""

import csv
from pathlib import Path

from training.dataset.preparation import Unreadable
from training.dataset.report import write_left_out
from training.dataset.selection import LeftOut
from untrusted.tests.hostile_text import HOSTILE, require_honest
from untrusted.text import shown


def test_lists_hold_no_formula_and_no_line_that_a_name_has_forged(tmp_path: Path) -> None:
    unreadable = [
        Unreadable("=HYPERLINK(1)", "Error", f"+{HOSTILE}"),
        Unreadable("a\udcff.png", "Error", "-1"),
    ]
    write_left_out(unreadable, [LeftOut(HOSTILE, "duplicate", "@SUM(A1)")], tmp_path)
    for name in ("unreadable.csv", "left_out.csv"):
        require_honest((tmp_path / name).read_text(encoding="utf-8"))
    with (tmp_path / "unreadable.csv").open(encoding="utf-8", newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    assert [
        ("'=HYPERLINK(1)", "Error", f"'+{shown(HOSTILE)}"),
        ("a\\udcff.png", "Error", "'-1"),
    ] == rows
