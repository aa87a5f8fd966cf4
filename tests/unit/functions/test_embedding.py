"""The short text of an embedding."""

import base64
import math
import random
import struct

import pytest

from functions.classify_image.embedding import LENGTH, packed, unpacked

NUMBERS = [random.Random(0).gauss(0, 3) for _ in range(LENGTH)]


def test_packed_embedding_is_short_and_keeps_its_space() -> None:
    text = packed("0123456789ab", NUMBERS)
    assert 105 == len(text)
    assert "0123456789ab" == unpacked(text)[0]


def test_packed_embedding_keeps_its_numbers_to_half_a_step() -> None:
    _, found = unpacked(packed("space", NUMBERS))
    step = max(map(abs, NUMBERS)) / 127
    assert 0.501 * step > max(abs(one - other) for one, other in zip(NUMBERS, found, strict=True))


@pytest.mark.parametrize("number", [0.0, 1e-300, 1e6, -1e6])
def test_equal_numbers_are_packed(number: float) -> None:
    _, found = unpacked(packed("space", [number] * LENGTH))
    assert [pytest.approx(number, rel=1e-6, abs=1e-30)] * LENGTH == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "space",
        "space:",
        "space:AAAA",
        "space:*",
        "space:" + 92 * "é",
        packed("", NUMBERS),
        packed("space", NUMBERS) + "AAAA",
        "space:" + base64.b64encode(struct.pack("<f64b", math.nan, *[1] * 64)).decode(),
    ],
)
def test_other_text_is_no_embedding(text: str) -> None:
    with pytest.raises(ValueError, match="is not a packed embedding"):
        unpacked(text)
