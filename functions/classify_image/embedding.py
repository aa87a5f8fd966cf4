"""Pack an image's embedding into a short text for the record, and unpack it.

The text is `<space>:<base64>`: the name of the embedding space, then the step of a linear scale
(float32) and 64 numbers of 8 bits in that step. Only embeddings of one space may be compared.
"""

import base64
import binascii
import math
import struct
from collections.abc import Sequence
from typing import Any

LENGTH = 64
LARGEST = 1e6  # far above the features of any backbone
LEVELS = 127  # of each sign
_PACKED = struct.Struct(f"<f{LENGTH}b")


def is_embedding(value: Any) -> bool:
    """Return whether a JSON value is a list of 64 finite numbers."""
    return (
        isinstance(value, list)
        and len(value) == LENGTH
        and all(type(one) in (int, float) and abs(one) <= LARGEST for one in value)
    )


def packed(space: str, numbers: Sequence[float]) -> str:
    """Return 64 finite numbers as text of 93 characters and the name of their space."""
    step = max(map(abs, numbers)) / LEVELS
    levels = [round(one / step) if step else 0 for one in numbers]
    return f"{space}:{base64.b64encode(_PACKED.pack(step, *levels)).decode()}"


def unpacked(text: str) -> tuple[str, list[float]]:
    """Return the space and the 64 numbers of a packed embedding.

    Raises:
        ValueError: `packed` did not write the text.
    """
    space, _, coded = text.partition(":")
    try:
        step, *levels = _PACKED.unpack(base64.b64decode(coded, validate=True))
    except (binascii.Error, ValueError, struct.error) as exc:
        raise ValueError(f"{text!r:.60} is not a packed embedding") from exc
    if not space or not math.isfinite(step):
        raise ValueError(f"{text!r:.60} is not a packed embedding")
    return space, [step * level for level in levels]
