import csv
import io
import json
import sys
import unicodedata

import pytest

from untrusted.tests.hostile_text import HOSTILE, UNSEEN, require_honest
from untrusted.text import as_json, is_plain, shown, shown_lines, spreadsheet_cell

# Unicode's Default_Ignorable_Code_Point that are letters or marks, and the empty Braille pattern.
FILLERS = [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, 0xFFA0]
SELECTORS = [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]
IGNORABLE = {*FILLERS, *SELECTORS}
# The first planes without Han and Hangul, and the places of invisible characters in the others.
CHARACTERS = [
    *range(0x3400),
    *range(0xD7A0, 0x11000),
    *range(0x1BC90, 0x1BCB0),
    *range(0x1D160, 0x1D180),
]
CHARACTERS += [*range(0xE0000, 0xE0200), 0xF0000, sys.maxunicode]
CONTROLS = "\n\r\t\x00\x1b\x7f\x85\x9b\u200b\u200c\u200d\u2060\ufeff\u2028\u2029"
TROJAN_SOURCE = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"  # CVE-2021-42574
)


def test_every_character_is_either_visible_or_shown_by_its_number() -> None:
    for number in CHARACTERS:
        character = chr(number)
        text = shown(character)
        hidden = number in IGNORABLE or unicodedata.category(character) in {*UNSEEN, "Zs"}
        if character == " " or not hidden:
            assert text == character
        else:
            assert text.isascii(), hex(number)
            assert text.isprintable(), hex(number)
            assert text.startswith("\\"), hex(number)
            assert shown(text) == text


@pytest.mark.parametrize("mark", [*TROJAN_SOURCE, *CONTROLS])
def test_misleading_marks_are_visible_in_a_text(mark: str) -> None:
    assert not is_plain(f"a{mark}b")
    assert mark not in shown(f"a{mark}b")


def test_shown_text_has_the_number_of_each_invisible_character() -> None:
    assert r"a\nb\r\t\x1b[31m\x9b\u202e\ud800\U000e0041" == shown(
        "a\nb\r\t\x1b[31m\x9b\u202e\ud800\U000e0041"
    )


@pytest.mark.parametrize("text", ["uploads/Zürich 東京 كلب.png", "→ ↳ 100 %", "C:\\a [red]", ""])
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert text == shown(text)


def test_line_breaks_of_the_project_remain() -> None:
    assert "a\nb\\x1b" == shown_lines("a\nb\x1b")


@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_the_same_data_and_plain(indent: int | None) -> None:
    data = {HOSTILE: [HOSTILE, "\x7f\x80\U000e0041\ud800", 1.5, None, True], "東": "京"}
    text = as_json(data, indent)
    assert data == json.loads(text)
    assert "東" in text
    for line in text.split("\n"):
        assert is_plain(line)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\uff1d1", "\t=1", "\n=1"]
)
def test_cell_is_never_a_formula(text: str) -> None:
    assert spreadsheet_cell(text)[0] in "'\\"


def test_cell_survives_csv() -> None:
    file = io.StringIO()
    csv.writer(file).writerow([spreadsheet_cell(HOSTILE), spreadsheet_cell("plain, with a comma")])
    require_honest(file.getvalue().rstrip("\r\n"))
    assert [spreadsheet_cell(HOSTILE), "plain, with a comma"] == next(csv.reader([file.getvalue()]))
