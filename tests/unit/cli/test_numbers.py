"""Format measured numbers for people."""

import pytest

from cli.numbers import short


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("0.01235", 0.0123456),
        ("0.9", 0.9),
        ("12.35", 12.3456),
        ("123.5", 123.456),
        ("1,235", 1234.56),
        ("10,000", 9999.9),
        ("123,500", 123_456),
        ("-12.35", -12.3456),
        ("inf", float("inf")),
    ],
)
def test_number_has_at_most_four_significant_digits(text: str, value: float) -> None:
    assert text == short(value)
