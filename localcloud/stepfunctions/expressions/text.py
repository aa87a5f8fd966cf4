"""Write the text of a value for `$string` and `&`, as jsonata 2.0.6 does.

AWS documents this version. jsonata-python escapes all letters beyond ASCII, and writes numbers in
objects and arrays as Python does: 2.0 for 2. jsonata 2.0.6 keeps letters and rounds numbers to 15
digits. It escapes half a character (a lone surrogate), as JSON.stringify does.
"""

import json
import re
from typing import Any

from jsonata.functions import Functions
from jsonata.utils import Utils

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def text_of(value: Any, prettify: bool | None = None) -> str | None:
    """Return the text of a value; an undefined value (None) has the text None."""
    if isinstance(value, Utils.JList) and value.outer_wrapper:
        value = value[0]
    if value is None or isinstance(value, str) or prettify:
        plain: str | None = Functions.string(value, prettify)
        return plain
    return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return _HALF_CHARACTER.sub(lambda half: f"\\u{ord(half[0]):04x}", text)

    if isinstance(value, dict):
        members = [f"{_written(name)}:{_written(item)}" for name, item in value.items()]
        return "{" + ",".join(members) + "}"

    if isinstance(value, list | tuple):
        return "[" + ",".join(_written(item) for item in value) + "]"

    # A number, a boolean or null. A function has no text; inside a value its text is empty.
    return Functions.string(value, False) or ("null" if value is None else '""')
