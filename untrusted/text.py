"""Text that anybody may have made, such as keys of S3 and causes of errors, as it may be shown.

A key can hold line breaks that forge a line of a report, terminal escapes, and marks that reorder what stands beside
them (Trojan Source, CVE-2021-42574). All of these are shown by their number instead: `\\n`, `\\x1b`, `\\u202e`.
The characters are those of Unicode Technical Report 36 and of UTS 39: everything that leaves no mark on paper.
"""

import json
import re
from typing import Any

# Invisible, though Python counts them as printable: fillers, joiners and variation selectors that are
# Default_Ignorable_Code_Point in Unicode, and the empty Braille pattern.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Excel also takes the wide forms that East Asian keyboards write.
_BEGINS_FORMULA = {*"=+-@\uff1d\uff0b\uff0d\uff20"}
_NAMES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def is_plain(text: str) -> bool:
    """Whether every character of a text can be seen."""
    # isprintable() is false for controls, format characters (bidirectional marks, zero width), line and paragraph
    # separators, every space but " ", surrogates, private and unassigned characters.
    return text.isprintable() and not _INVISIBLE.search(text)


def shown(text: object) -> str:
    """A text on one line, with every character that cannot be seen by its number.

    What this returns it returns unchanged, so that a text may be shown twice.
    """
    words = str(text)
    return (
        words
        if is_plain(words)
        else "".join(one if is_plain(one) else _numbered(one) for one in words)
    )


def shown_lines(text: str) -> str:
    """A text of the project's own in which only its line breaks may break lines, such as a page's or a traceback's."""
    return "\n".join(map(shown, text.split("\n")))


def as_json(data: Any, indent: int | None = 2) -> str:
    """JSON that is the same data, with every character that cannot be seen as an escape of JSON."""
    text = json.dumps(data, indent=indent, ensure_ascii=False, default=str)
    return "\n".join(
        line
        if is_plain(line)
        else "".join(one if is_plain(one) else _json_escape(one) for one in line)
        for line in text.split("\n")
    )


def spreadsheet_cell(text: object) -> str:
    """A text for a CSV file that people open: shown, and never taken for a formula.

    Spreadsheets calculate a cell that begins with =, +, - or @ (OWASP, "CSV Injection"); an apostrophe makes it text.
    """
    words = shown(text)
    return f"'{words}" if words.lstrip()[:1] in _BEGINS_FORMULA else words


def _numbered(character: str) -> str:
    number = ord(character)
    return _NAMES.get(character) or (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )


def _json_escape(character: str) -> str:
    # json.dumps() leaves DEL as it is, and writes what is beyond \uffff as the pair that JSON wants.
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else json.dumps(character)[1:-1]
