"""Check the numbers on pages."""

import pytest

from cli.page import decimals, duration, image_uri, percent


@pytest.mark.parametrize(
    ("expected", "value", "digits"),
    [
        ("0.8814", 0.881410464228, 4),
        ("0.999", 0.99999, 3),
        ("1.000", 1.0, 3),
        ("0.29", 0.29, 2),
        ("0.0000", 0.0, 4),
    ],
)
def test_probability_is_rounded_down(expected: str, value: float, digits: int) -> None:
    assert expected == decimals(value, digits)


@pytest.mark.parametrize(
    ("expected", "milliseconds"),
    [
        ("0 ms", 0),
        ("245 ms", 245),
        ("8.05 s", 8047),
        ("99.99 s", 99_990),
        ("1 min 40 s", 100_000),
        ("1,000 min 0 s", 60_000_000),
    ],
)
def test_duration_has_at_most_four_digits(expected: str, milliseconds: float) -> None:
    assert expected == duration(milliseconds)


@pytest.mark.parametrize(("expected", "share"), [("94.0&nbsp;%", 0.94), ("-", None)])
def test_percentage_has_one_decimal(expected: str, share: float | None) -> None:
    assert expected == str(percent(share))


@pytest.mark.parametrize(("kind", "image"), [("png", b"\x89PNG\r\n"), ("jpeg", b"\xff\xd8\xff")])
def test_image_uri_names_the_format(kind: str, image: bytes) -> None:
    assert image_uri(image).startswith(f"data:image/{kind};base64,")
