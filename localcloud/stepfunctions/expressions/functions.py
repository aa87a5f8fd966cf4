"""Add the functions of Step Functions to JSONata, and make some functions stricter.

Source: Step Functions Developer Guide, "Transforming data with JSONata", JSONata functions provided
by Step Functions. Functions that take integers round other numbers down.
"""

import hashlib
import json
import math
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from jsonata.functions import Functions
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

from localcloud.stepfunctions.expressions.text import text_of

_DIGESTS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


def _partition(array: list[Any], size: float) -> list[list[Any]]:
    """Cut an array into arrays of this size."""
    width = math.floor(size)
    if width <= 0:
        raise ValueError(f"$partition needs a size of at least 1, not {size}")
    return [array[index : index + width] for index in range(0, len(array), width)]


def _range(start: float, end: float, step: float) -> list[int]:
    """Return the numbers from `start` up or down to `end`, including `end`."""
    first = math.floor(start)
    last = math.floor(end)
    delta = math.floor(step)
    if delta == 0:
        raise ValueError("$range needs a step that is not 0")
    return list(range(first, last + (1 if delta > 0 else -1), delta))


def _hash(source: Any, algorithm: Any) -> str:
    """Return the hexadecimal digest of a text."""
    if algorithm not in _DIGESTS or not isinstance(source, str):
        raise ValueError(f"$hash needs a text and one of {', '.join(_DIGESTS)}")
    return hashlib.new(_DIGESTS[algorithm], source.encode()).hexdigest()


def _random(seed: float | None = None) -> float:
    """Return a number from 0 up to 1; a seed always gives the same number."""
    if seed is None:
        return random.random()  # noqa: S311  # not for secrets, as on AWS
    return random.Random(math.floor(seed)).random()  # noqa: S311


def _uuid() -> str:
    return str(uuid.uuid4())


def _parse(text: Any) -> Any:
    """Return the value of a JSON text; null becomes JSONata's null, because None is undefined."""
    if text is None:
        return None
    value = json.loads(text)
    return Utils.NULL_VALUE if value is None else value


def _to_millis(timestamp: Any = None, picture: Any = None) -> Any:
    """Return milliseconds since the epoch; AWS refuses a timestamp without a T (D3110)."""
    refusal = ValueError(
        "D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. "
        f'Given "{timestamp}"'
    )
    if picture is None and isinstance(timestamp, str) and "T" not in timestamp:
        raise refusal

    try:
        return Functions.datetime_to_millis(timestamp, picture)
    except ValueError as exc:
        raise refusal from exc


def _replace(
    text: Any = None, pattern: Any = None, replacement: Any = None, limit: Any = None
) -> Any:
    """Replace parts of a text; a pattern that matches an empty text is an error (D1004)."""
    if hasattr(pattern, "search"):
        found = pattern.search("")
        if found is not None and found.group() == "":
            raise ValueError("D1004: Regular expression matches zero length string")
    return Functions.replace(text, pattern, replacement, limit)


def _string(value: Any = None, prettify: Any = None) -> str | None:
    return text_of(value, prettify)


class _Signed(Jsonata.JFunction):  # type: ignore[misc]  # the library has no types
    """A function with checked arguments; a missing argument comes from the context."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        super().__init__(Jsonata.JLambda(function), signature)


# Signatures use JSONata's notation; replaced functions keep the signature of the library.
FUNCTIONS: Mapping[str, Callable[[], Any]] = {
    "partition": lambda: Jsonata.JLambda(_partition),
    "range": lambda: Jsonata.JLambda(_range),
    "hash": lambda: Jsonata.JLambda(_hash),
    "random": lambda: Jsonata.JLambda(_random),
    "uuid": lambda: Jsonata.JLambda(_uuid),
    "parse": lambda: Jsonata.JLambda(_parse),
    "toMillis": lambda: Jsonata.JLambda(_to_millis),
    "replace": lambda: Jsonata.JLambda(_replace),
    "string": lambda: _Signed(_string, "<x-b?:s>"),
}
