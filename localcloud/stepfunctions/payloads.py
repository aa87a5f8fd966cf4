"""Pass JSON values between states, within the size limit."""

import json
import math
from functools import cached_property
from typing import Any

from localcloud.stepfunctions.errors import DATA_LIMIT_EXCEEDED, QUERY_EVALUATION, StateError

# Step Functions, "Service quotas", Quotas related to state machine executions: 256 KiB as UTF-8.
MAX_PAYLOAD_BYTES = 262_144
# A character has at most four bytes in UTF-8, so a shorter text needs no encoding to be measured.
_SURELY_SMALL = MAX_PAYLOAD_BYTES // 4


class Payload:
    """A JSON value, whose text is written on first use."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @classmethod
    def parse(cls, text: str) -> "Payload":
        """Return the value of a JSON text, and keep the text.

        Raises:
            ValueError, RecursionError: the text is not JSON, or too long or deep for Python.
        """
        payload = cls(json.loads(text))
        payload.__dict__["text"] = text
        return payload

    @cached_property
    def text(self) -> str:
        """Return the JSON text, compact as Step Functions writes it.

        Raises:
            StateError: JSON cannot represent the value, as a function.
        """
        return to_text(self.value)

    def require_small(self, what: str) -> "Payload":
        """Return the payload itself.

        Args:
            what: the subject of the error, as "The state/task 'Read' returned a result".

        Raises:
            StateError: States.DataLimitExceeded, the payload is larger than states may pass.
        """
        # Escapes and spaces can make a text from outside longer than its measured form.
        if is_too_large(self.text) and is_too_large(to_text(self.value)):
            raise StateError(
                DATA_LIMIT_EXCEEDED,
                f"{what} with a size exceeding the maximum number of bytes service limit "
                f"({MAX_PAYLOAD_BYTES}).",
            )
        return self


def to_text(value: Any) -> str:
    """Return the compact JSON text of a value; an infinite number is null, as in JavaScript.

    Raises:
        StateError: JSON cannot represent the value.
    """
    try:
        return _written(value)
    except ValueError:
        return _written(_finite(value))
    except TypeError as exc:
        message = f"The value cannot be represented as JSON: {exc}"
        raise StateError(QUERY_EVALUATION, message) from exc


def _written(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_finite(member) for member in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def is_too_large(text: str) -> bool:
    """Return whether a JSON text exceeds the limit for inputs and outputs of states."""
    if len(text) <= _SURELY_SMALL:
        return False
    # JSON can escape half a character (a lone surrogate), which UTF-8 cannot encode.
    return len(text.encode(errors="surrogatepass")) > MAX_PAYLOAD_BYTES
