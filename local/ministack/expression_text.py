"""`$string` of a JSONata expression writes letters and numbers as the engine does that AWS uses.

jsonata-python escapes all letters beyond ASCII, and writes numbers inside of objects and arrays
as Python does: 2.0 for 2. jsonata 2.0.6 keeps letters and rounds every number to 15 digits.
"""

import json
from collections.abc import Callable
from typing import Any

from jsonata import functions

from local.ministack.seam import wrap


def install() -> None:
    """Have `$string` and `&` write what jsonata 2.0.6 writes. Indented text stays as it is."""
    wrap(functions.Functions, "_string", "arg prettify", _string)


def _string(original: Callable[..., str], arg: Any, prettify: bool) -> str:
    return original(arg, prettify) if prettify else _text(original, arg)


def _text(original: Callable[..., str], value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        members = [(_text(original, name), _text(original, item)) for name, item in value.items()]
        return "{" + ",".join(f"{name}:{item}" for name, item in members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(original, item) for item in value) + "]"

    # A number, a boolean or null; functions have no text, which inside of a value is an empty one.
    return original(value, False) or '""'
