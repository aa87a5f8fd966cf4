"""Make text from outside, such as S3 keys and causes of errors, safe to show.

A key can contain line breaks that forge a line of a report, terminal escapes, and marks that
reorder the text beside them (Trojan Source, CVE-2021-42574). All of these are shown by their
number: `\\n`, `\\x1b`, `\\u202e`. The characters are those of Unicode TR 36 and UTS 39.
"""

import json
import re
from typing import Any

# Invisible characters that Python counts as printable: fillers, joiners and variation selectors
# (Default_Ignorable_Code_Point in Unicode), and the empty Braille pattern.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
# Excel also accepts the wide forms of East Asian keyboards.
_BEGINS_FORMULA = {*"=+-@\uff1d\uff0b\uff0d\uff20"}
_NAMES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def is_plain(text: str) -> bool:
    """Return whether every character of a text is visible."""
    # isprintable() is false for controls, format characters (bidirectional marks, zero width), line
    # and paragraph separators, spaces other than " ", surrogates, private and unassigned ones.
    return text.isprintable() and not _INVISIBLE.search(text)


def shown(text: object) -> str:
    """Return a text on one line, with the number of every invisible character.

    The result is stable, so a text may be passed twice.
    """
    words = str(text)
    return (
        words
        if is_plain(words)
        else "".join(one if is_plain(one) else _numbered(one) for one in words)
    )


def shown_lines(text: str) -> str:
    """Return a text with its line breaks, such as a page or a traceback, in visible characters."""
    # Nearly all texts are plain. Then one look at the whole is faster than one at each line.
    if is_plain(text.replace("\n", "")):
        return text
    return "\n".join(map(shown, text.split("\n")))


def as_json(data: Any, indent: int | None = 2) -> str:
    """Return JSON of the same data, with an escape for every invisible character."""
    text = json.dumps(data, indent=indent, ensure_ascii=False, default=str)
    return "\n".join(
        line
        if is_plain(line)
        else "".join(one if is_plain(one) else _json_escape(one) for one in line)
        for line in text.split("\n")
    )


def spreadsheet_cell(text: object) -> str:
    """Return a text for a cell of a CSV file that no spreadsheet calculates.

    Spreadsheets calculate a cell that begins with =, +, - or @ (OWASP, "CSV Injection").
    An apostrophe makes it text.
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
    # json.dumps() does not escape DEL. Characters above \uffff need a surrogate pair in JSON.
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else json.dumps(character)[1:-1]
