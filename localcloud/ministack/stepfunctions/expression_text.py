"""`$string` of a JSONata expression writes letters and numbers as the engine does that AWS uses.

jsonata-python escapes all letters beyond ASCII, and writes numbers inside of objects and arrays
as Python does: 2.0 for 2. jsonata 2.0.6 keeps letters and rounds every number to 15 digits; of a
character that is cut in half (a lone surrogate) it writes the escape, as JSON.stringify does.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from jsonata import functions

from localcloud.ministack.patch import wrap

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


def install() -> None:
    """Have `$string` and `&` write what jsonata 2.0.6 writes. Indented text stays as it is."""
    wrap(functions.Functions, "_string", "arg prettify", _string)


def _string(original: Callable[..., str], arg: Any, prettify: bool) -> str:
    return original(arg, prettify) if prettify else _text(original, arg)


def _text(original: Callable[..., str], value: Any) -> str:
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return _HALF_CHARACTER.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
    if isinstance(value, dict):
        members = [(_text(original, name), _text(original, item)) for name, item in value.items()]
        return "{" + ",".join(f"{name}:{item}" for name, item in members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(original, item) for item in value) + "]"

    # A number, a boolean or null; functions have no text, which inside of a value is an empty one.
    return original(value, False) or '""'
